// Vectors of the libraries for Node: twilio, messagebird (and jose, which it verifies with), @sendgrid/eventwebhook. Each with its verdict.
const crypto = require('node:crypto')
const twilio = require('twilio')
const messagebird = require('messagebird/lib/webhook-signature-jwt')
const jose = require('jose')
const { EventWebhook } = require('@sendgrid/eventwebhook')

const out = []
const form = (fields) => new URLSearchParams(fields).toString()

function byTwilio(name, token, url, fields, change = (v) => v) {
  const v = change({ url, fields, signature: twilio.getExpectedTwilioSignature(token, url, fields) })
  out.push({
    vendor: 'twilio', by: 'npm twilio 6.2.0', name, key: token, url: v.url, body: form(v.fields),
    headers: { 'x-twilio-signature': v.signature }, valid: twilio.validateRequest(token, v.signature, v.url, v.fields),
  })
}

const status = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+4791234567', From: 'Acme', AccountSid: 'AC1' }
const inbound = { MessageSid: 'SM2', From: '+4791234567', To: '+4790000000', Body: 'Hei & takk – æøå 😀', NumMedia: '0' }
const url = 'https://app.example.com/webhooks/sms/twilio?m=0198c0de-0000-7000-8000-000000000001'
byTwilio('a report', 'the-token', url, status)
byTwilio('an answer with letters and emoji', 'the-token', 'https://app.example.com/webhooks/sms/twilio', inbound)
byTwilio('signed with the port', 'the-token', 'https://app.example.com:443/webhooks/sms/twilio', inbound, (v) => ({ ...v, url: 'https://app.example.com/webhooks/sms/twilio' }))
byTwilio('another state', 'the-token', url, status, (v) => ({ ...v, fields: { ...v.fields, MessageStatus: 'failed' } }))
byTwilio('another message', 'the-token', url, status, (v) => ({ ...v, url: v.url.replace('01', '02') }))
byTwilio('another token', 'the-token', url, status, (v) => ({ ...v, signature: twilio.getExpectedTwilioSignature('another', v.url, v.fields) }))
byTwilio('one more field', 'the-token', url, status, (v) => ({ ...v, fields: { ...v.fields, ErrorCode: '30003' } }))

async function byMessageBird(name, algorithm, secret, url, body, change = (v) => v) {
  const now = 1772442000
  const sha = (text) => crypto.createHash('sha256').update(text).digest('hex')
  const claims = { url_hash: sha(url), jti: 'j-1', ...(body === '' ? {} : { payload_hash: sha(body) }) }
  const token = await new jose.SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).setIssuer('MessageBird')
    .setNotBefore(now - 1).setExpirationTime(now + 60).setIssuedAt(now).sign(Buffer.from(secret))
  const v = change({ url, body, token, at: now })
  const options = new messagebird.VerifyOptions(true, true, { issuer: 'MessageBird', algorithms: ['HS256', 'HS384', 'HS512'], clockTolerance: 5, currentDate: new Date(v.at * 1000) })
  const key = crypto.createSecretKey(Buffer.from(secret))
  const valid = await messagebird.verify(v.url, Buffer.from(v.body), v.token, key, options).then(() => true, () => false)
  out.push({ vendor: 'messagebird', by: 'npm messagebird 4.0.1', name, key: secret, url: v.url, body: v.body, headers: { 'messagebird-signature-jwt': v.token }, at: v.at, valid })
}

function bySendGrid(name, change = (v) => v) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const body = JSON.stringify([{ email: 'kari@example.com', event: 'delivered', sg_event_id: 'e1', message: 'x', text: 'æøå' }]) + '\r\n'
  const timestamp = '1772442000'
  const signature = crypto.sign('sha256', Buffer.from(timestamp + body), privateKey).toString('base64')
  const v = change({ body, timestamp, signature })
  const events = new EventWebhook()
  const valid = events.verifySignature(events.convertPublicKeyToECDSA(key), Buffer.from(v.body), v.signature, v.timestamp)
  out.push({
    vendor: 'sendgrid', by: 'npm @sendgrid/eventwebhook 8.0.0', name, key, url: 'https://app.example.com/webhooks/mail/sendgrid', body: v.body,
    headers: { 'x-twilio-email-event-webhook-signature': v.signature, 'x-twilio-email-event-webhook-timestamp': v.timestamp }, valid,
  })
}

;(async () => {
  const report = 'https://app.example.com/webhooks/sms/messagebird?m=1&id=a1&reference=r&status=delivered'
  for (const algorithm of ['HS256', 'HS384', 'HS512']) await byMessageBird(`a report, ${algorithm}`, algorithm, 'the-signing-key', report, '')
  await byMessageBird('an answer', 'HS256', 'the-signing-key', 'https://app.example.com/webhooks/sms/messagebird', '{"id":"a2","body":"Hei æøå"}')
  await byMessageBird('another state', 'HS256', 'the-signing-key', report, '', (v) => ({ ...v, url: v.url.replace('delivered', 'delivery_failed') }))
  await byMessageBird('another answer', 'HS256', 'the-signing-key', 'https://app.example.com/webhooks/sms/messagebird', '{"id":"a2"}', (v) => ({ ...v, body: '{"id":"a3"}' }))
  await byMessageBird('a body nobody signed', 'HS256', 'the-signing-key', report, '', (v) => ({ ...v, body: '{"id":"a3"}' }))
  await byMessageBird('an hour later', 'HS256', 'the-signing-key', report, '', (v) => ({ ...v, at: v.at + 3600 }))
  await byMessageBird('unsigned', 'HS256', 'the-signing-key', report, '', (v) => {
    const [, claims] = v.token.split('.')
    return { ...v, token: `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.` }
  })
  bySendGrid('an event')
  bySendGrid('another event', (v) => ({ ...v, body: v.body.replace('delivered', 'bounce') }))
  bySendGrid('another moment', (v) => ({ ...v, timestamp: '1772442001' }))
  bySendGrid('without the end of its line', (v) => ({ ...v, body: v.body.trimEnd() }))
  process.stdout.write(JSON.stringify(out))
})()
