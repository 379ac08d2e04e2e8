"""Has Twilio's library for Python judge the calls of our sandbox."""
import json
import sys
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator, get_signature_algorithm

refused = 0
for call in json.load(open(sys.argv[1])):
    if call["vendor"] != "twilio":
        continue
    headers = call["headers"]
    algorithm = get_signature_algorithm(headers.get("x-twilio-webhooks-signature-settings"))
    fields = dict(parse_qsl(call["body"]))
    valid = RequestValidator(call["key"]).validate(call["url"], fields, headers["x-twilio-signature"], algorithm)
    print("accepted" if valid else "REFUSED ", "twilio (Python):", call["name"])
    refused += not valid
sys.exit(1 if refused else 0)
