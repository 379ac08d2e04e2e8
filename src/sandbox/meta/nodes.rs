//! Graph's objects and edges: leads, forms, Pages, subscriptions, tokens. What a token may not see is not there.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Lead, PageOptions, Sandbox,
    faults::{error, gone},
    forms,
    graph::{Answer, Call, Caller},
    world,
};

/// Meta keeps leads for 90 days.
const RETENTION_DAYS: i64 = 90;

const LEAD_FIELDS: &[&str] = &[
    "id",
    "created_time",
    "form_id",
    "field_data",
    "ad_id",
    "ad_name",
    "adset_id",
    "adset_name",
    "campaign_id",
    "campaign_name",
    "is_organic",
    "platform",
    "partner_name",
    "custom_disclaimer_responses",
    "post",
    "retailer_item_id",
    "vehicle",
    "home_listing",
    "post_submission_check_result",
];
const FORM_FIELDS: &[&str] = &[
    "id",
    "name",
    "status",
    "locale",
    "questions",
    "legal_content",
    "privacy_policy_url",
    "follow_up_action_url",
    "thank_you_page",
    "context_card",
    "tracking_parameters",
    "leads_count",
    "expired_leads_count",
    "is_optimized_for_quality",
    "page",
    "page_id",
];
const PAGE_FIELDS: &[&str] =
    &["id", "name", "access_token", "tasks", "category", "leadgen_tos_accepted", "has_lead_access"];

impl Call<'_> {
    /// A lead or a form, as far as this token may see it; what it may not see is not there.
    pub(super) fn object(&self, id: &str) -> Answer {
        if let Some(page) = self.sandbox.pages().iter().find(|page| page.id == id && self.sees(&page.id)) {
            return self.select(&page_json(self.sandbox, page), PAGE_FIELDS, "Page");
        }
        if let Some((page, language)) = self.form(id) {
            return if self.sees(&page.id) {
                self.select(&forms::form(id, language), FORM_FIELDS, "LeadgenForm")
            } else {
                gone()
            };
        }
        let lead = {
            let state = self.sandbox.state();
            state.by_id.get(id).map(|at| state.leads[*at].clone())
        };
        match lead {
            Some(lead) if self.sees(&lead.page_id) && self.kept(&lead) => {
                self.select(&lead.fields, LEAD_FIELDS, "LeadGenData")
            }
            None if self.sandbox.options().open_world && !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => {
                if self.query.get("fields").is_some_and(|fields| fields.contains("questions")) {
                    return self.select(&forms::form(id, forms::Language::Nb), FORM_FIELDS, "LeadgenForm");
                }
                self.select(&world::open_lead(id, self.sandbox.now()), LEAD_FIELDS, "LeadGenData")
            }
            _ => gone(),
        }
    }

    /// Newest first, by cursor, with Graph's filter on `time_created`.
    pub(super) fn form_leads(&self, form_id: &str) -> Answer {
        if !self.form(form_id).is_some_and(|(page, _)| self.sees(&page.id)) {
            return gone();
        }
        let Some(filters) = self.time_filters() else {
            return error(400, 100, None, "(#100) param filtering must be an array.");
        };
        let wanted = |lead: &&Arc<Lead>| {
            lead.form_id == form_id
                && self.kept(lead)
                && filters.iter().all(|(op, s)| compare(lead.created.timestamp(), op, *s))
        };
        let mut leads: Vec<_> = self.sandbox.state().leads.iter().filter(wanted).cloned().collect();
        leads.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let rows: Vec<(&str, &Value)> = leads.iter().map(|lead| (lead.id.as_str(), &lead.fields)).collect();
        self.page_of(&rows, LEAD_FIELDS, "LeadGenData", &format!("{form_id}/leads"))
    }

    pub(super) fn page_forms(&self, page_id: &str) -> Answer {
        let page = self.sandbox.options().pages.iter().find(|page| page.id == page_id && self.sees(&page.id));
        let Some(page) = page else { return gone() };
        let shown = if self.sandbox.changed(page_id).without_forms { &[][..] } else { &page.forms[..] };
        let forms: Vec<(&str, Value)> = shown.iter().map(|(id, lang)| (id.as_str(), forms::form(id, *lang))).collect();
        let rows: Vec<(&str, &Value)> = forms.iter().map(|(id, form)| (*id, form)).collect();
        self.page_of(&rows, FORM_FIELDS, "LeadgenForm", &format!("{page_id}/leadgen_forms"))
    }

    pub(super) fn subscribed_apps(&self, method: &str, page_id: &str) -> Answer {
        if !matches!(&self.caller, Caller::Page(page) if page.id == page_id) {
            return error(400, 210, None, "(#210) A page access token is required to request this resource.");
        }
        let app_id = self.sandbox.app_of(page_id);
        let mut state = self.sandbox.state();
        match method {
            "GET" => {
                let apps = state
                    .subscribed
                    .get(page_id)
                    .map(|fields| json!({"id": app_id, "name": "NextMove", "subscribed_fields": fields}));
                Answer::ok(json!({ "data": apps.into_iter().collect::<Vec<_>>() }))
            }
            "POST" => {
                let given = self.query.get("subscribed_fields").map(String::as_str).unwrap_or_default();
                // A list by commas, or the JSON array that Meta's SDK posts.
                let fields: Vec<String> = serde_json::from_str(given).unwrap_or_else(|_| {
                    given.split(',').map(str::trim).filter(|f| !f.is_empty()).map(str::to_owned).collect()
                });
                if fields.is_empty() {
                    return error(400, 100, None, "(#100) The parameter subscribed_fields is required");
                }
                state.subscribed.insert(page_id.to_owned(), fields);
                Answer::ok(json!({"success": true}))
            }
            "DELETE" => {
                state.subscribed.remove(page_id);
                Answer::ok(json!({"success": true}))
            }
            _ => error(400, 100, None, "Unsupported request"),
        }
    }

    pub(super) fn debug_token(&self) -> Answer {
        let options = self.sandbox.options();
        let input = self.query.get("input_token").map(String::as_str).unwrap_or_default();
        if let Some(page) = self.sandbox.page_of(input) {
            return Answer::ok(json!({"data": self.sandbox.token_of_page(page)}));
        }
        if input != options.user_token {
            let error = json!({"code": 190, "message": "Invalid OAuth access token."});
            return Answer::ok(json!({"data": {"error": error, "is_valid": false, "scopes": []}}));
        }
        Answer::ok(json!({"data": {
            "app_id": options.app_id, "type": "USER", "is_valid": true, "expires_at": 0, "data_access_expires_at": 0,
            "scopes": ["leads_retrieval", "pages_show_list", "pages_read_engagement", "pages_manage_metadata", "ads_management"],
        }}))
    }

    pub(super) fn me(&self) -> Answer {
        match &self.caller {
            Caller::Page(page) => self.select(&page_json(self.sandbox, page), PAGE_FIELDS, "Page"),
            Caller::User | Caller::App | Caller::Anyone => {
                Answer::ok(json!({"id": "100000000000001", "name": "Sandbox"}))
            }
        }
    }

    pub(super) fn accounts(&self) -> Answer {
        if !matches!(self.caller, Caller::User | Caller::Anyone) {
            return error(400, 102, None, "A user access token is required");
        }
        let pages: Vec<(&str, Value)> =
            self.sandbox.options().pages.iter().map(|p| (p.id.as_str(), page_json(self.sandbox, p))).collect();
        let rows: Vec<(&str, &Value)> = pages.iter().map(|(id, page)| (*id, page)).collect();
        self.page_of(&rows, PAGE_FIELDS, "Page", "me/accounts")
    }

    fn form(&self, id: &str) -> Option<(&PageOptions, forms::Language)> {
        let pages = &self.sandbox.options().pages;
        pages
            .iter()
            .find_map(|page| page.forms.iter().find(|(form, _)| form == id).map(|(_, language)| (page, *language)))
    }

    fn sees(&self, page_id: &str) -> bool {
        match &self.caller {
            Caller::Page(page) => page.id == page_id,
            Caller::User | Caller::Anyone => true,
            Caller::App => false,
        }
    }

    fn kept(&self, lead: &Lead) -> bool {
        self.sandbox.now().signed_duration_since(lead.created).num_days() < RETENTION_DAYS
    }

    /// Only the fields asked for, and always the id.
    fn select(&self, object: &Value, known: &[&str], node: &str) -> Answer {
        match self.selected(object, known, node) {
            Ok(selected) => Answer::ok(selected),
            Err(answer) => answer,
        }
    }

    fn selected(&self, object: &Value, known: &[&str], node: &str) -> Result<Value, Answer> {
        let fields = self.query.get("fields").map_or("id,name,created_time,field_data,status,locale", String::as_str);
        let mut selected = Map::new();
        for field in fields.split(',').map(str::trim).chain(["id"]) {
            if self.query.contains_key("fields") && !known.contains(&field) {
                return Err(error(
                    400,
                    100,
                    None,
                    &format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})"),
                ));
            }
            if let Some(value) = object.get(field) {
                selected.insert(field.to_owned(), value.clone());
            }
        }
        Ok(selected.into())
    }

    fn page_of(&self, rows: &[(&str, &Value)], known: &[&str], node: &str, edge: &str) -> Answer {
        let limit = self.query.get("limit").and_then(|l| l.parse().ok()).unwrap_or(25_usize).clamp(1, 500);
        let after = self.query.get("after").map(|cursor| cursor.trim_start_matches("after-"));
        let start =
            after.map_or(0, |after| rows.iter().position(|(id, _)| *id == after).map_or(rows.len(), |at| at + 1));
        let shown = &rows[start..rows.len().min(start + limit)];
        let data: Result<Vec<Value>, Answer> = shown.iter().map(|(_, row)| self.selected(row, known, node)).collect();
        let data = match data {
            Ok(data) => data,
            Err(answer) => return answer,
        };
        let mut body = json!({ "data": data });
        if let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) {
            body["paging"] = json!({"cursors": {"before": format!("after-{first}"), "after": format!("after-{last}")}});
            if start + shown.len() < rows.len() {
                // As Graph does, with everything in it: a client that logs it, or follows it blindly, is caught here.
                let next = format!(
                    "https://graph.facebook.com/{}/{edge}?access_token=leaked&after=after-{last}",
                    self.version
                );
                body["paging"]["next"] = next.into();
            }
        }
        Answer::ok(body)
    }

    /// `[{"field":"time_created","operator":"GREATER_THAN","value":1440120384}]`
    fn time_filters(&self) -> Option<Vec<(String, i64)>> {
        let Some(text) = self.query.get("filtering") else { return Some(Vec::new()) };
        let filters: Vec<Value> = serde_json::from_str(text).ok()?;
        let read = |filter: &Value| {
            let operator = filter["operator"].as_str()?;
            let known = matches!(operator, "GREATER_THAN" | "GREATER_THAN_OR_EQUAL" | "LESS_THAN");
            (filter["field"] == "time_created" && known).then_some((operator.to_owned(), filter["value"].as_i64()?))
        };
        filters.iter().map(read).collect()
    }
}

fn compare(created: i64, operator: &str, value: i64) -> bool {
    match operator {
        "GREATER_THAN" => created > value,
        "GREATER_THAN_OR_EQUAL" => created >= value,
        _ => created < value,
    }
}

fn page_json(sandbox: &Sandbox, page: &PageOptions) -> Value {
    let change = sandbox.changed(&page.id);
    let token = change.token.as_ref().unwrap_or(&page.token);
    json!({
        "id": page.id, "name": page.name, "access_token": token, "category": "Home Improvement",
        "tasks": ["ADVERTISE", "MANAGE", "ANALYZE"], "leadgen_tos_accepted": !change.without_terms,
        "has_lead_access": {"can_access_lead": !change.without_lead_access},
    })
}
