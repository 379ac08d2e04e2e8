// Has the libraries for Node judge the calls of our sandbox.
const crypto = require('node:crypto')
const fs = require('node:fs')
const twilio = require('twilio')
const messagebird = require('messagebird/lib/webhook-signature-jwt')
const { EventWebhook } = require('@sendgrid/eventwebhook')
;(async () => {
  let refused = 0
  for (const call of JSON.parse(fs.readFileSync(process.argv[2]))) {
    const header = (name) => call.headers[name]
    let valid
    if (call.vendor === 'twilio' && !header('x-twilio-webhooks-signature-settings')) {
      valid = twilio.validateRequest(call.key, header('x-twilio-signature'), call.url, Object.fromEntries(new URLSearchParams(call.body)))
    } else if (call.vendor === 'messagebird') {
      const options = new messagebird.VerifyOptions(true, true, { issuer: 'MessageBird', algorithms: ['HS256'], clockTolerance: 5, currentDate: new Date(call.at * 1000) })
      valid = await messagebird.verify(call.url, Buffer.from(call.body), header('messagebird-signature-jwt'), crypto.createSecretKey(Buffer.from(call.key)), options).then(() => true, (error) => { console.error(String(error)); return false })
    } else if (call.vendor === 'sendgrid') {
      const events = new EventWebhook()
      valid = events.verifySignature(events.convertPublicKeyToECDSA(call.key), Buffer.from(call.body), header('x-twilio-email-event-webhook-signature'), header('x-twilio-email-event-webhook-timestamp'))
    } else continue
    console.log(`${valid ? 'accepted' : 'REFUSED '} ${call.vendor}: ${call.name}`)
    refused += valid ? 0 : 1
  }
  process.exit(refused ? 1 : 0)
})()
