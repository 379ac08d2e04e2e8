import { expect, test } from 'vitest'
import type { TimelineItem } from '@/shared/api/types'
import type { Row } from '@/shared/offline/row'
import { overlayTimeline } from './overlay'

const ME = '01890000-0000-7000-8000-000000000001'
const AT = Date.parse('2026-11-21T10:00:00Z')
const row = { key: 'k', seq: 1, kind: 'claim', base: { id: 'lead' }, owner: `${ME}/acme`, at: AT, path: '', body: null, tries: 0, state: 'waiting' } as unknown as Row

function claimed(by: string, at: number): TimelineItem {
  return { id: 'server', kind: 'claimed', user_id: by, at: new Date(at).toISOString(), stored_at: null, text: null, from: null, to: null, reason: null, until: null, fields: [], placement: null, attempt: null, message: null }
}

test('a claim is told once, also while both the news of it and the row are there', () => {
  expect(overlayTimeline([], [row])).toHaveLength(1)
  expect(overlayTimeline([claimed(ME, AT + 40)], [row]).map((item) => item.id)).toEqual(['server'])
})

test("an earlier claim, or somebody else's, is another one", () => {
  expect(overlayTimeline([claimed(ME, AT - 60_000)], [row])).toHaveLength(2)
  expect(overlayTimeline([claimed('somebody', AT + 40)], [row])).toHaveLength(2)
})
