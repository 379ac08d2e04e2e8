/**
 * The server's contract in the form openapi-typescript writes it; `npm run types` replaces this file from openapi.json.
 */

export interface paths {
  "/api/session": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Session"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["Credentials"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Session"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/session/organization": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["SwitchOrganization"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Session"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/me": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["MePatch"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Session"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    trace?: never;
  };
  "/api/team": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Team"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/campaigns": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Campaigns"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/forms": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["LeadForms"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/demo": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Demo"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/demo/session": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["DemoSession"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Session"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: {
          view?: "todo" | "mine" | "all";
          status?: string;
          assignee?: string;
          campaign?: string;
          form?: string;
          from?: string;
          to?: string;
          q?: string;
          limit?: number;
          cursor?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["LeadPage"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/counts": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["LeadCounts"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["LeadDetail"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch: {
      parameters: {
        query?: never;
        header: {
          "If-Match": string;
        };
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["LeadPatch"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    trace?: never;
  };
  "/api/leads/{id}/opened": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/claim": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/assignment": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["Assignment"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/snooze": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["Snooze"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    post?: never;
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Lead"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/notes": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["NewNote"] } };
      responses: {
        201: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["TimelineItem"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/attempts": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["NewAttempt"] } };
      responses: {
        201: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Attempt"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/attempts/{attempt_id}/outcome": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
          attempt_id: string;
        };
        cookie?: never;
      };
      requestBody: { content: { "application/json": components["schemas"]["NewOutcome"] } };
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Attempt"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/leads/{id}/timeline": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["Timeline"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/jobs": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["DeadJobs"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/jobs/{id}/replay": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/webhooks": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": components["schemas"]["DeadWebhooks"] } };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/webhooks/{id}/replay": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get?: never;
    put?: never;
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        204: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components["schemas"]["Problem"] } };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Role: "owner" | "manager" | "agent" | "operator_admin";
    LeadVisibility: "team" | "own";
    Locale: "nb" | "de" | "nl" | "en";
    SessionUser: {
      id: string;
      name: string;
      email: string;
      locale: components["schemas"]["Locale"] | null;
    };
    Organization: {
      id: string;
      name: string;
      slug: string;
      country: string;
      time_zone: string;
      locale: string;
      brand_color: string | null;
      logo_url: string | null;
      sla_minutes: number;
      lead_visibility: components["schemas"]["LeadVisibility"];
    };
    Membership: {
      organization_id: string;
      organization_name: string;
      role: components["schemas"]["Role"];
    };
    Session: {
      user: components["schemas"]["SessionUser"];
      role: components["schemas"]["Role"];
      organization: components["schemas"]["Organization"] | null;
      memberships: components["schemas"]["Membership"][];
      idle_timeout_seconds: number;
      demo: boolean;
    };
    Credentials: {
      email: string;
      password: string;
    };
    SwitchOrganization: {
      organization_id: string;
    };
    MePatch: {
      locale: components["schemas"]["Locale"];
    };
    Member: {
      id: string;
      name: string;
      email: string;
      role: components["schemas"]["Role"];
    };
    Campaign: {
      id: string;
      name: string;
      platform: string | null;
      external_id: string | null;
    };
    LeadForm: {
      id: string;
      name: string;
      external_id: string | null;
      locale: string | null;
    };
    DemoLogin: {
      email: string;
      name: string;
      role: components["schemas"]["Role"];
      organization: string | null;
    };
    Demo: {
      logins: components["schemas"]["DemoLogin"][];
    };
    DemoSession: {
      email: string;
    };
    LeadStatus: "new" | "contacted" | "no_answer" | "scheduled" | "won" | "lost";
    LostReason: "not_interested" | "too_expensive" | "wrong_number" | "unreachable" | "competitor" | "duplicate" | "outside_area" | "other";
    Lead: {
      id: string;
      version: number;
      status: components["schemas"]["LeadStatus"];
      lost_reason: components["schemas"]["LostReason"] | null;
      full_name: string | null;
      phone: string | null;
      phone_given: string | null;
      email: string | null;
      postal_code: string | null;
      service: string | null;
      message: string | null;
      source: string;
      platform: string | null;
      meta_lead_id: string | null;
      is_test: boolean;
      is_organic: boolean;
      enquiry_count: number;
      campaign_id: string | null;
      form_id: string | null;
      adset_name: string | null;
      ad_name: string | null;
      assignee_id: string | null;
      claimed_at: string | null;
      attempt_count: number;
      first_attempt_at: string | null;
      last_attempt_at: string | null;
      first_contact_at: string | null;
      last_contact_at: string | null;
      snoozed_until: string | null;
      due_at: string | null;
      next_at: string | null;
      created_at: string;
      received_at: string;
      updated_at: string;
    };
    Answer: {
      key: string;
      label: string;
      values: string[];
    };
    Consent: {
      key: string;
      text: string;
      given: boolean;
      at: string;
      text_version: string;
      privacy_policy_url: string | null;
    };
    Trace: {
      meta_created_at: string | null;
      received_at: string;
      fetched_at: string | null;
      stored_at: string;
      emitted_at: string | null;
      acknowledged_at: string | null;
      opened_at: string | null;
      first_attempt_at: string | null;
    };
    LeadDetail: components["schemas"]["Lead"] & {
      answers: components["schemas"]["Answer"][];
      consents: components["schemas"]["Consent"][];
      trace: components["schemas"]["Trace"];
    };
    LeadPage: {
      items: components["schemas"]["Lead"][];
      next_cursor: string | null;
    };
    LeadCounts: {
      todo: number;
      mine: number;
      unclaimed: number;
    };
    LeadPatch: {
      status?: components["schemas"]["LeadStatus"];
      lost_reason?: components["schemas"]["LostReason"] | null;
      full_name?: string | null;
      phone?: string | null;
      email?: string | null;
      postal_code?: string | null;
      service?: string | null;
    };
    Assignment: {
      user_id: string | null;
    };
    Snooze: {
      until: string;
    };
    NewNote: {
      text: string;
    };
    Channel: "call" | "sms" | "whatsapp" | "email";
    Outcome: "reached" | "no_answer" | "voicemail" | "wrong_number" | "sent" | "not_sent";
    NewAttempt: {
      channel: components["schemas"]["Channel"];
      started_at?: string | null;
    };
    NewOutcome: {
      outcome: components["schemas"]["Outcome"];
      note?: string | null;
    };
    Evidence: "intent" | "self_reported" | "provider_confirmed";
    Attempt: {
      id: string;
      lead_id: string;
      user_id: string;
      channel: components["schemas"]["Channel"];
      started_at: string;
      evidence: components["schemas"]["Evidence"];
      outcome: components["schemas"]["Outcome"] | null;
      outcome_at: string | null;
      note: string | null;
    };
    TimelineKind: "captured" | "enquiry" | "status" | "assigned" | "released" | "claimed" | "snoozed" | "woken" | "edited" | "note" | "attempt";
    TimelineItem: {
      id: string;
      at: string;
      user_id: string | null;
      kind: components["schemas"]["TimelineKind"];
      text: string | null;
      from: string | null;
      to: string | null;
      reason: string | null;
      until: string | null;
      attempt: components["schemas"]["Attempt"] | null;
    };
    Timeline: {
      items: components["schemas"]["TimelineItem"][];
    };
    Team: {
      items: components["schemas"]["Member"][];
    };
    Campaigns: {
      items: components["schemas"]["Campaign"][];
    };
    LeadForms: {
      items: components["schemas"]["LeadForm"][];
    };
    DeadJob: {
      id: string;
      kind: string;
      organization_id: string | null;
      attempt: number;
      last_error: string | null;
      finished_at: string | null;
    };
    DeadJobs: {
      items: components["schemas"]["DeadJob"][];
    };
    DeadWebhook: {
      id: string;
      provider: string;
      reason: string;
      received_at: string;
      size: number;
    };
    DeadWebhooks: {
      items: components["schemas"]["DeadWebhook"][];
    };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail?: string | null;
      field?: string | null;
      reason?: string | null;
      retry_after?: number | null;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
