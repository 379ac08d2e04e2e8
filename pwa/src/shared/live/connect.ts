import type { QueryClient } from '@tanstack/react-query'
import type { Socket } from 'socket.io-client'
import { refetchQuietly } from '@/shared/api/quiet'
import { leadKeys } from '@/shared/leads/queries'
import { noticeKeys } from '@/shared/notices/queries'
import { Receiver, type ChangedEvent, type LeadEvent, type NotifiedEvent } from './receive'
import { connection } from './state'

/** After so long in the background a phone's connection may be dead without knowing it. */
const ASLEEP = 20_000
/** While there is no connection at all (a network that blocks WebSocket) the list still moves. */
const POLL = 30_000
/** Before a connection that the server itself ended or refused is tried again. */
const AFTER_REFUSAL = 2000

/** Keeps the live stream for one session; answers how to end it. */
export function connectLive(client: QueryClient, onEnded: () => void): () => void {
  const receiver = new Receiver(client)
  let socket: Socket | null = null
  let over = false
  let hiddenAt = 0
  let retry: ReturnType<typeof setTimeout> | undefined

  void import('socket.io-client').then(({ io }) => {
    if (over) return
    socket = io({
      transports: ['websocket'],
      auth: (give) => give({ since: receiver.sequence }),
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      timeout: 8000,
    })
    listen(socket)
  })

  function listen(live: Socket): void {
    // Until hello everything is a replay of what was missed: shown, but without a sound for each.
    let greeted = false
    let ended = false
    // A server that ends says how long to wait, so that its next one does not get all phones at once.
    let away: number | null = null
    // Socket.IO comes back by itself when the network breaks, but not when the server says goodbye or no.
    const again = () => {
      clearTimeout(retry)
      if (!over && !ended && !live.active) retry = setTimeout(() => live.connect(), away ?? AFTER_REFUSAL)
      away = null
    }
    receiver.awaitHello()
    live.on('disconnect', () => {
      greeted = false
      receiver.awaitHello()
      if (over) return
      connection.set('reconnecting')
      again()
    })
    live.on('connect_error', (error) => {
      connection.set('reconnecting')
      if (error.message !== 'unauthenticated') return again()
      ended = true
      onEnded()
    })
    live.on('hello', ({ sequence }: { sequence: number }) => {
      const first = receiver.sequence === null
      receiver.hello(sequence)
      greeted = true
      connection.set('online')
      // What came between the first answer and this moment is in no replay.
      if (!first) return
      void refetchQuietly(client, { queryKey: leadKeys.all })
      void refetchQuietly(client, { queryKey: noticeKeys.all })
    })
    const acked = (lead: { id: string }) => live.emit('ack', { lead_ids: [lead.id] })
    live.on('lead.created', (event: LeadEvent) => {
      receiver.created(event, !greeted)
      acked(event.lead)
    })
    live.on('lead.updated', (event: LeadEvent) => receiver.lead(event))
    live.on('lead.hidden', (event: { sequence: number; id: string }) => receiver.hidden(event))
    live.on('changed', (event: ChangedEvent) => receiver.changed(event))
    live.on('notified', (event: NotifiedEvent) => receiver.notified(event))
    live.on('refetch', (event: { sequence: number }) => receiver.refetch(event))
    live.on('moving', ({ after }: { after: number }) => {
      away = after
    })
    live.on('session.ended', () => {
      ended = true
      onEnded()
    })
  }

  const wakeUp = () => {
    if (!socket || over) return
    if (socket.connected && Date.now() - hiddenAt < ASLEEP) return
    if (socket.connected && hiddenAt === 0) return
    hiddenAt = 0
    socket.disconnect()
    socket.connect()
  }
  const visibility = () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now()
    else wakeUp()
  }
  const online = () => {
    hiddenAt ||= 1
    wakeUp()
  }
  const poll = setInterval(() => {
    if (connection.get() === 'reconnecting' && navigator.onLine) void refetchQuietly(client, { queryKey: leadKeys.all, type: 'active' })
  }, POLL)
  document.addEventListener('visibilitychange', visibility)
  window.addEventListener('online', online)
  window.addEventListener('pageshow', visibility)

  return () => {
    over = true
    clearTimeout(retry)
    clearInterval(poll)
    receiver.stop()
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('online', online)
    window.removeEventListener('pageshow', visibility)
    socket?.disconnect()
    connection.set('connecting')
  }
}
