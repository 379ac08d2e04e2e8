/** A page that nobody sees is not painted. */
const PATIENCE = 500
/** From the frame that is drawn to the one that is seen. */
const SEEN = 100

/** Once what was just drawn is on the screen: nothing that can come later takes the line, or the processor, from it. Answers how to call it off. */
export function afterPaint(act: () => void | Promise<void>): () => void {
  let timer = setTimeout(act, PATIENCE)
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer)
    timer = setTimeout(act, SEEN)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}
