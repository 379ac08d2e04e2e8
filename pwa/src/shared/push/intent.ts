/** What was tapped on a notification: the worker keeps it until a window of the app asks. */
export interface Intent {
  path: string
  /** The lead to be called at once. */
  call: string | null
}

/** From the worker to a window that is open: there is something to ask for. */
export const THERE_IS = 'intent?'
/** From a window to the worker: what was it? */
export const GIVE = 'intent!'
