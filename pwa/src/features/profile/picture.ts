import { api, ask, once } from '@/shared/api/client'
import type { Session } from '@/shared/api/types'

/** Twice what is shown, for screens that are twice as fine. */
const SIDE = 512

/** The middle of a picture as a small square, so that a phone on a slow network sends kilobytes; the server does the same again. */
async function square(file: Blob): Promise<Blob> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const side = Math.min(bitmap.width, bitmap.height)
    const canvas = document.createElement('canvas')
    canvas.width = SIDE
    canvas.height = SIDE
    const context = canvas.getContext('2d')
    if (!context) return file
    context.fillStyle = '#fff'
    context.fillRect(0, 0, SIDE, SIDE)
    context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE)
    bitmap.close()
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9))
    return made ?? file
  } catch {
    // What this browser cannot read the server may; it says so if not.
    return file
  }
}

export async function sendPicture(file: Blob): Promise<Session> {
  const body = await square(file)
  return ask(
    api.PUT('/api/me/picture', {
      // The document knows bytes as numbers; what goes over the wire are the bytes.
      body: body as unknown as number[],
      bodySerializer: (bytes: unknown) => bytes as Blob,
      headers: { ...once(), 'Content-Type': 'application/octet-stream' },
    }),
  )
}

export function removePicture(): Promise<Session> {
  return ask(api.DELETE('/api/me/picture', { headers: once() }))
}
