import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'

/** What every screen beside the list asks, and what is mostly so: all is well. */
export const server = setupServer(
  http.get('*/api/connections/trouble', () => HttpResponse.json({ items: [] })),
  http.get('*/api/me/devices', () => HttpResponse.json({ key: 'BKey', items: [] })),
  http.get('*/api/connections/meta/counts', () => HttpResponse.json({ days: [], forms: [] })),
  http.get('*/api/leads/:id/placement', () => HttpResponse.json({ placement: null })),
  http.get('*/api/rota', () => HttpResponse.json({ items: [] })),
)
