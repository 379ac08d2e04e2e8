/** The ring of waiting, and the move out of it. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 64 64" className={className} aria-hidden>
      <rect width="64" height="64" rx="16" className="fill-accent" />
      <path d="M44.7 22.2A16 16 0 1 0 48 32" fill="none" strokeWidth="5" strokeLinecap="round" className="stroke-on-accent opacity-45" />
      <path d="M26 39 44 21m-12.5 0H44v12.5" fill="none" strokeWidth="6" strokeLinecap="round" strokeLinejoin="round" className="stroke-on-accent" />
    </svg>
  )
}
