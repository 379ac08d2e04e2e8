import { beforeEach, expect, test } from 'vitest'
import { HttpResponse, http } from 'msw'
import { server } from '@/test/server'
import { api } from './client'
import { forgetEarly, type Early } from './early'

const early: Early = new Map()
const session = () => api.GET('/api/session').then(({ data, response }) => ({ data: data as unknown, status: response.status }))
const counts = () => api.GET('/api/leads/counts').then(({ data }) => data as unknown)

beforeEach(() => {
  window.nextmoveEarly = early
  forgetEarly()
  server.use(
    http.get('*/api/session', () => HttpResponse.json({ from: 'server' })),
    http.get('*/api/leads/counts', () => HttpResponse.json({ from: 'server' })),
  )
})

const put = (address: string, answer: Response, asked = Date.now()) => early.set(address, { asked, answer: Promise.resolve(answer) })

test('what was asked for beforehand is taken once', async () => {
  put('/api/leads/counts', Response.json({ from: 'boot' }))
  expect(await counts()).toEqual({ from: 'boot' })
  expect(await counts()).toEqual({ from: 'server' })
})

test('a refusal says who is there, and nothing else', async () => {
  put('/api/session', Response.json({ status: 401 }, { status: 401 }))
  put('/api/leads/counts', Response.json({ status: 403 }, { status: 403 }))
  expect((await session()).status).toBe(401)
  expect(await counts()).toEqual({ from: 'server' })
})

test('neither old answers nor those of somebody else are taken', async () => {
  put('/api/leads/counts', Response.json({ from: 'boot' }), Date.now() - 60_000)
  expect(await counts()).toEqual({ from: 'server' })
  put('/api/leads/counts', Response.json({ from: 'boot' }))
  forgetEarly()
  expect(await counts()).toEqual({ from: 'server' })
})

test('a question that follows the live stream is asked anew', async () => {
  put('/api/leads/counts', Response.json({ from: 'boot' }))
  const { data } = await api.GET('/api/leads/counts', { headers: { 'X-Background': '1' } })
  expect(data as unknown).toEqual({ from: 'server' })
})

test('a page that could not ask fails as the question itself would', async () => {
  const answer = Promise.reject(new TypeError('Failed to fetch'))
  early.set('/api/session', { asked: Date.now(), answer })
  await expect(session()).rejects.toThrow('Failed to fetch')
})
