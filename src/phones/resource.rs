//! The carrier's JSON for calls, pages of calls and the account.

use std::{cmp::Ordering, collections::HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    callbacks::{Params, direction, rfc2822},
    world::{Call, State, now},
};

const PAGE_SIZE: usize = 50;
const PAGE_SIZE_MAX: usize = 1000;

/// A call as the API shows it.
pub(super) fn call(account: &str, call: &Call) -> Value {
    let record = &call.record;
    let uri = format!("/2010-04-01/Accounts/{account}/Calls/{}", record.sid);
    let over = record.ended.map(|_| record.talked_s(now()).to_string());
    json!({
        "sid": record.sid,
        "date_created": rfc2822(record.created),
        "date_updated": rfc2822(call.updated),
        "start_time": record.dialled.map(rfc2822),
        "end_time": record.ended.map(rfc2822),
        "parent_call_sid": record.parent,
        "account_sid": account,
        "to": record.to,
        "to_formatted": record.to,
        "from": record.from,
        "from_formatted": record.from,
        "phone_number_sid": null,
        "status": record.status(),
        "duration": over,
        "price": null,
        "price_unit": "USD",
        "direction": direction(call),
        "answered_by": null,
        "annotation": null,
        "api_version": "2010-04-01",
        "forwarded_from": null,
        "group_sid": null,
        "caller_name": null,
        "queue_time": call.queue.as_millis().to_string(),
        "trunk_sid": null,
        "uri": format!("{uri}.json"),
        "subresource_uris": {
            "events": format!("{uri}/Events.json"),
            "notifications": format!("{uri}/Notifications.json"),
            "recordings": format!("{uri}/Recordings.json"),
        },
    })
}

/// The account as the API shows it.
pub(super) fn account(sid: &str, token: &str, since: Timestamp) -> Value {
    let uri = format!("/2010-04-01/Accounts/{sid}");
    json!({
        "sid": sid,
        "auth_token": token,
        "friendly_name": "Simulated phones",
        "owner_account_sid": sid,
        "status": "active",
        "type": "Full",
        "date_created": rfc2822(since),
        "date_updated": rfc2822(since),
        "uri": format!("{uri}.json"),
        "subresource_uris": { "calls": format!("{uri}/Calls.json") },
    })
}

/// One page of the calls that a query asks for, the newest first.
pub(super) fn page(account: &str, state: &State, query: &Params) -> Value {
    let asked: HashMap<&str, &str> = query
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let number = |key: &str| asked.get(key).and_then(|value| value.parse::<usize>().ok());
    let size = number("PageSize")
        .unwrap_or(PAGE_SIZE)
        .clamp(1, PAGE_SIZE_MAX);
    let page = number("Page").unwrap_or(0);
    let found: Vec<&Call> = state
        .calls
        .iter()
        .rev()
        .filter(|call| matches(call, &asked))
        .collect();
    let after = asked
        .get("PageToken")
        .and_then(|token| token.strip_prefix("PA"));
    let from = match after {
        Some(last) => found
            .iter()
            .position(|call| call.record.sid == last)
            .map_or(found.len(), |at| at + 1),
        None => (page * size).min(found.len()),
    };
    let shown = &found[from..found.len().min(from + size)];
    let more = (from + shown.len() < found.len())
        .then(|| shown.last().map(|call| &call.record.sid))
        .flatten();
    let uri = |page: usize, token: Option<String>| page_uri(account, query, size, page, token);
    json!({
        "calls": shown.iter().map(|shown| call(account, shown)).collect::<Vec<_>>(),
        "first_page_uri": uri(0, None),
        "next_page_uri": more.map(|last| uri(page + 1, Some(format!("PA{last}")))),
        "previous_page_uri": (page > 0).then(|| uri(page - 1, None)),
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": (page * size + shown.len()).saturating_sub(1),
        "uri": uri(page, None),
    })
}

fn page_uri(
    account: &str,
    query: &Params,
    size: usize,
    page: usize,
    token: Option<String>,
) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(query.iter().filter(|(key, _)| !key.starts_with("Page")));
    form.append_pair("PageSize", &size.to_string())
        .append_pair("Page", &page.to_string());
    form.extend_pairs(token.map(|token| ("PageToken", token)));
    let form = form.finish();
    format!("/2010-04-01/Accounts/{account}/Calls.json?{form}")
}

fn matches(call: &Call, asked: &HashMap<&str, &str>) -> bool {
    let record = &call.record;
    let is =
        |key: &str, value: Option<&str>| asked.get(key).is_none_or(|wanted| Some(*wanted) == value);
    is("To", Some(&record.to))
        && is("From", Some(&record.from))
        && is("Status", Some(record.status()))
        && is("ParentCallSid", record.parent.as_deref())
        && in_time(asked, "StartTime", record.dialled)
        && in_time(asked, "EndTime", record.ended)
}

/// The real list knows days only, whatever the time of day in the query.
fn in_time(asked: &HashMap<&str, &str>, key: &str, at: Option<Timestamp>) -> bool {
    let day = at.map(|at| at.to_string()[..10].to_owned());
    let holds = |suffix: &str, test: fn(Ordering) -> bool| {
        let wanted = asked.get(format!("{key}{suffix}").as_str());
        wanted.is_none_or(|wanted| {
            day.as_deref()
                .is_some_and(|day| test(day.cmp(wanted.get(..10).unwrap_or(wanted))))
        })
    };
    holds("", Ordering::is_eq) && holds("<", Ordering::is_le) && holds(">", Ordering::is_ge)
}
