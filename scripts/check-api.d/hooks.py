"""A session for whatever is asked, from our own pages; and leads that exist, half of the time."""

import atexit
import collections
import json
import os
import random
import urllib.error
import urllib.request

import schemathesis

URL = os.environ["CHECK_API_URL"]
ROLE = os.environ["CHECK_API_ROLE"]
OWN = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
chance = random.Random(1)
answers = collections.Counter()


def ask(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {**OWN, **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers, json.loads(answer.read() or b"null")


class Session:
    """Opened anew when something that was asked has ended it."""

    cookie = None

    def open(self):
        logins = ask("GET", "/api/demo")[1]["logins"]
        email = next(login["email"] for login in logins if login["role"] == ROLE)
        headers, _ = ask("POST", "/api/demo/session", {"email": email})
        self.cookie = headers["set-cookie"].split(";")[0]


session = Session()
session.open()
try:
    leads = [lead["id"] for lead in ask("GET", "/api/leads?limit=200", headers={"cookie": session.cookie})[1]["items"]]
except urllib.error.HTTPError:
    leads = []  # an admin sees none


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """The session is ours to give; who gets in without one is proven by tests/it/access.rs."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    raw_schema.get("components", {}).pop("securitySchemes", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    if session.cookie is None:
        try:
            session.open()
        except urllib.error.HTTPError:
            pass  # too many sign-ins for the moment: 401 is an answer too
    headers = dict(case.headers or {})
    headers.setdefault("sec-fetch-site", "same-origin")
    if session.cookie is not None:
        headers["cookie"] = session.cookie
    case.headers = headers
    named = case.path_parameters or {}
    if leads and case.path.startswith("/api/leads/{id}") and is_id(named.get("id")) and chance.random() < 0.7:
        case.path_parameters = {**named, "id": chance.choice(leads)}


@schemathesis.hook
def after_call(context, case, response):
    answers[response.status_code] += 1
    ended = (case.method.upper(), case.path) == ("DELETE", "/api/session") and response.status_code < 300
    if ended or response.status_code == 401:
        session.cookie = None
    for value in response.headers.get("set-cookie", []) if isinstance(response.headers.get("set-cookie"), list) else []:
        if value.startswith(("nextmove=", "__Host-nextmove=")):
            session.cookie = None


def is_id(text):
    return isinstance(text, str) and len(text) == 36 and text.count("-") == 4


@atexit.register
def tell():
    if answers:
        with open(f"answers-{ROLE}.txt", "w") as told:
            told.write("  answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(answers.items())) + "\n")
