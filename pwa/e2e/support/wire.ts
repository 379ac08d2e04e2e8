import net from 'node:net'

/**
 * The wire between the browsers and the server, to be cut. The browser's own offline switch leaves open sockets alone and
 * tells the page at once; a real network does neither.
 */
export class Wire {
  private readonly ends = new Set<net.Socket>()
  private isCut = false
  private isDeaf = false
  private readonly listener: net.Server

  constructor(to: number) {
    this.listener = net.createServer((near) => {
      if (this.isCut) {
        near.destroy()
        return
      }
      const far = net.connect(to, '127.0.0.1')
      for (const [one, other] of [[near, far], [far, near]] as const) {
        one.setNoDelay(true)
        this.ends.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          this.ends.delete(one)
          other.destroy()
        })
      }
      near.pipe(far)
      far.on('data', (said) => {
        // The server has done it and said so, and nobody hears.
        if (this.isDeaf) near.destroy()
        else if (!near.write(said)) far.pause()
      })
      near.on('drain', () => far.resume())
      far.on('end', () => near.end())
    })
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.listener.listen(port, '127.0.0.1', resolve))
  }

  cut(): void {
    this.isCut = true
    for (const end of this.ends) end.destroy()
  }

  /** What is asked arrives; what is answered does not. */
  deafen(): void {
    this.isDeaf = true
  }

  mend(): void {
    this.isCut = false
    this.isDeaf = false
  }

  close(): void {
    this.cut()
    this.listener.close()
  }
}
