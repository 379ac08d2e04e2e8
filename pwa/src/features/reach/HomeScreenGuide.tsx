import type { ReactNode } from 'react'
import { m } from '@/paraglide/messages'

/** On an iPhone only an app on the home screen gets pushes, and no button can put it there. */
export function HomeScreenGuide() {
  return (
    <ol className="grid gap-4 sm:grid-cols-2">
      <Step number={1} words={m.install_ios_share()}>
        {/* The bar below a page in Safari, with Share in its middle. */}
        <rect x="34" y="66" width="92" height="26" rx="9" className="fill-sunken" />
        <path d="m46 75-4 4 4 4M114 75l4 4-4 4" className="stroke-ink-3" />
        <circle cx="80" cy="79" r="15" className="fill-accent-soft stroke-accent-text" strokeWidth="1.5" />
        <path d="M76.5 77.5h-2v8h11v-8h-2M80 82v-10m-3 3 3-3 3 3" className="stroke-accent-text" />
      </Step>
      <Step number={2} words={m.install_ios_add()}>
        {/* The list that Share opens. */}
        <rect x="34" y="24" width="92" height="68" rx="9" className="fill-sunken" />
        <path d="M46 36h38M46 84h30" className="stroke-edge" />
        <rect x="39" y="48" width="82" height="24" rx="7" className="fill-accent-soft stroke-accent-text" strokeWidth="1.5" />
        <path d="M47 60h40" className="stroke-accent-text" />
        <rect x="102" y="54" width="12" height="12" rx="3.5" className="stroke-accent-text" />
        <path d="M108 57.5v5m-2.5-2.5h5" className="stroke-accent-text" />
      </Step>
      <Step number={3} words={m.install_ios_open()}>
        {/* The home screen, with ours among the others. */}
        {[0, 1, 2].flatMap((row) =>
          [0, 1, 2].map((column) =>
            row === 1 && column === 1 ? null : <rect key={`${row}${column}`} x={44 + column * 26} y={18 + row * 26} width="20" height="20" rx="6" className="fill-pressed" />,
          ),
        )}
        <rect x="67" y="41" width="26" height="26" rx="7.5" className="fill-accent" />
        <path d="M84.6 48A8 8 0 1 0 87 54M77.5 57l7-7m-5 0h5v5" className="stroke-on-accent" />
      </Step>
      <Step number={4} words={m.reach_install_turn_on()}>
        {/* This very screen, in the app. */}
        <rect x="34" y="22" width="92" height="70" rx="9" className="fill-sunken" />
        <circle cx="52" cy="40" r="8" className="fill-accent-soft" />
        <path d="M66 37h46M66 44h30" className="stroke-edge" />
        <rect x="44" y="60" width="72" height="20" rx="7" className="fill-accent" />
        <path d="M64 70h32" className="stroke-on-accent" />
      </Step>
    </ol>
  )
}

function Step({ number, words, children }: { number: number; words: string; children: ReactNode }) {
  return (
    <li className="overflow-hidden rounded-control border border-hairline">
      <svg viewBox="0 0 160 96" className="block w-full bg-paper" fill="none" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden>
        <path d="M28 100V14a8 8 0 0 1 8-8h88a8 8 0 0 1 8 8v86" className="fill-surface stroke-hairline" />
        {children}
      </svg>
      <p className="flex gap-2 border-t border-hairline px-4 py-3 text-15">
        <span className="font-semibold text-accent-text tabular-nums">{number}</span>
        <span className="min-w-0 text-pretty">{words}</span>
      </p>
    </li>
  )
}
