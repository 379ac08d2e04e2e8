import { Toaster } from '@/shared/ui/Toaster'
import { UpdatePrompt } from './UpdatePrompt'

/** What speaks up later, of itself: it comes after the first screen, in a piece of its own. */
export function Attendants() {
  return (
    <>
      <Toaster />
      <UpdatePrompt />
    </>
  )
}
