"""Vectors of Twilio's library for Python, which also knows the newer mode with SHA-256. Each with its verdict."""
import json
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

out = []
URL = "https://app.example.com/webhooks/sms/twilio?m=0198c0de-0000-7000-8000-000000000001"
FIELDS = {"MessageSid": "SM1", "MessageStatus": "sent", "To": "+4791234567", "Body": "æøå & 😀"}


def by_twilio(name, url, fields, algorithm, key="the-shared-key", said=None, change=lambda v: v):
    signer = RequestValidator(key)
    vector = change({"url": url, "fields": fields, "signature": signer.compute_signature(url, fields, algorithm)})
    said = said or algorithm
    headers = {"x-twilio-signature": vector["signature"]}
    if said != "HMAC_SHA1":
        headers["x-twilio-webhooks-signature-settings"] = f"key=webhooks_sharedkey_1,algorithm={said}"
    valid = signer.validate(vector["url"], vector["fields"], vector["signature"], said)
    out.append({
        "vendor": "twilio", "by": "PyPI twilio 9.13.0", "name": name, "key": key, "url": vector["url"],
        "body": urlencode(vector["fields"]), "headers": headers, "valid": valid,
    })


by_twilio("sha-256", URL, FIELDS, "HMAC_SHA256")
by_twilio("sha-256 with a port", URL.replace(".com/", ".com:443/"), FIELDS, "HMAC_SHA256",
          change=lambda v: {**v, "url": URL})
by_twilio("sha-1 that says it is sha-256", URL, FIELDS, "HMAC_SHA1", said="HMAC_SHA256")
by_twilio("sha-256, another state", URL, FIELDS, "HMAC_SHA256",
          change=lambda v: {**v, "fields": {**FIELDS, "MessageStatus": "failed"}})
by_twilio("an algorithm nobody knows", URL, FIELDS, "HMAC_SHA1", said="HMAC_MD5")
by_twilio("sha-1", URL, FIELDS, "HMAC_SHA1")
print(json.dumps(out))
