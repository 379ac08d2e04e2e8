import { expect, test } from 'vitest'
import { answerTo, claimed, readAbout, readPush } from './payload'

const LEAD = '0190aaaa-0000-7000-8000-000000000000'
const ALERT = '0190bbbb-0000-7000-8000-000000000000'

/** As src/alerts/content.rs makes it. */
function push(change: Record<string, unknown> = {}, shown: Record<string, unknown> = {}) {
  return {
    web_push: 8030,
    notification: { title: 'Nytt lead', body: 'Ring før 10:15', lang: 'nb', dir: 'ltr', tag: 'new_lead', navigate: `https://crm.example/leads/${LEAD}`, ...shown },
    app_badge: '3',
    mutable: true,
    nextmove: { alert: ALERT, kind: 'new_lead', token: 't0ken', lead_id: LEAD, may_claim: true, path: `/leads/${LEAD}`, unseen: 3, ...change },
  }
}

test('a push is shown as the server says it, in the language of its person', () => {
  const { title, options, token, unseen } = readPush(push(), ['de-DE'])
  expect({ title, body: options.body, tag: options.tag, renotify: options.renotify, token, unseen }).toEqual({
    title: 'Nytt lead',
    body: 'Ring før 10:15',
    tag: 'new_lead',
    renotify: true,
    token: 't0ken',
    unseen: 3,
  })
  expect(options.actions).toEqual([
    { action: 'call', title: 'Ring' },
    { action: 'claim', title: 'Ta denne' },
  ])
  expect(options.data).toEqual({ kind: 'new_lead', path: `/leads/${LEAD}`, leadId: LEAD, locale: 'nb', alert: ALERT })
})

test('only what may be done is offered', () => {
  const actions = (change: Record<string, unknown>) => readPush(push(change), ['en']).options.actions?.map((one) => one.action)
  expect(actions({ may_claim: false })).toEqual(['call'])
  expect(actions({ lead_id: null })).toEqual([])
  expect(readPush(push({ kind: 'lead_waiting' }), []).options.requireInteraction).toBe(true)
})

test('a browser that has read the declarative form hands over the same', () => {
  const { notification, nextmove } = push()
  const read = readPush({ notification: { ...notification, data: nextmove } }, ['en'])
  expect(read).toEqual(readPush(push(), ['en']))
})

test.each([undefined, null, 'text', 7, [], {}, { notification: 'no' }, { notification: { title: 5 } }, { nextmove: null }])('of %j something is shown all the same', (payload) => {
  const { title, options, alert, token, unseen } = readPush(payload, ['nl-NL', 'en'])
  expect(title).toBe('NextMove')
  expect(options.body).toBe('Iets nieuws. Open om te zien wat.')
  expect(options.data.path).toBe('/')
  // Without a tag there is nothing to take the place of: the browser would throw.
  expect(options).not.toHaveProperty('renotify')
  expect([alert, token, unseen]).toEqual([null, null, null])
})

test('a tap never leaves the app', () => {
  for (const path of ['https://evil.example', '//evil.example', '/\\evil.example', 'leads/1', 7]) expect(readPush(push({ path }), []).options.data.path).toBe('/')
  expect(readAbout({ path: '//evil.example' }, []).path).toBe('/')
  expect(readAbout(null, ['de'])).toEqual({ kind: 'unknown', path: '/', leadId: null, locale: 'de', alert: null })
})

test('what came of a claim is told where it was tapped', () => {
  const about = readPush(push(), []).options.data
  const said = (status: number) => answerTo(claimed(status), about)
  expect(said(200)).toMatchObject({ title: 'Den er din', options: { data: about, actions: [{ action: 'call' }] } })
  expect(said(409).title).toBe('En kollega var raskere.')
  expect(said(409).options.actions).toEqual([])
  expect(said(401).title).toBe('Du er logget ut')
  expect(said(503).title).toBe('Det gikk ikke')
})
