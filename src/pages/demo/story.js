// The lead's story: its clock, what happened line by line, and what became of it.

import { all, el, one, say, show } from './dom.js';
import { first } from './phones.js';
import { has, language, seconds, t } from './words.js';

const MARKS = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'];
const SPEEDS = { ring: 'time_to_ring_ms', accept: 'time_to_accept_ms', connect: 'time_to_connect_ms' };
const KINDS = {
  good: ['rep-accepted', 'bridged', 'talked', 'customer-answered'],
  bad: ['rep-missed', 'rep-lost', 'customer-missed', 'lead-held', 'stalled', 'rep-paused'],
  ring: ['rep-rung', 'rep-ringing', 'customer-rung', 'customer-ringing', 'rep-called-in', 'customer-called-in'],
};
let shown = '';

export function draw(leads, lead, people, choose) {
  chips(leads, lead, choose);
  show(one('#empty'), !lead);
  show(one('#clock'), Boolean(lead));
  const why = lead?.why[language] ?? '';
  say(one('#why'), why);
  show(one('#why'), why !== '');
  if (!lead) return forget();
  marks(lead);
  lines(lead, people);
}

// The demo was started anew: nothing has happened yet.
function forget() {
  one('#story').replaceChildren();
  shown = '';
}

// The big seconds: they run until the customer is on the line, or the lead is done.
export function tick(lead, now) {
  if (!lead?.marks.t1) return;
  const { count, of } = clock(lead, now);
  say(one('.seconds'), count);
  say(one('.count .of'), of);
}

export const runs = (lead) => Boolean(lead) && !lead.marks.t8 && !['closed', 'held'].includes(lead.state);

export const reasonOf = (reason) => (has(`reason.${reason}`) ? t(`reason.${reason}`) : reason ?? '');

function clock(lead, now) {
  const { time_to_connect_ms: connected } = lead.speeds;
  if (connected !== null) return { count: `${seconds(connected)} s`, of: t('clock.connected') };
  if (runs(lead)) return { count: `${seconds(Math.max(0, now - Date.parse(lead.marks.t1)))} s`, of: t('clock.running') };
  return { count: lead.state === 'held' ? t('clock.held') : t('clock.over'), of: '' };
}

function chips(leads, lead, choose) {
  const box = one('#leads');
  show(box, leads.length > 1);
  const ids = leads.map((one) => one.lead).join();
  if (box.dataset.ids !== ids) {
    box.dataset.ids = ids;
    box.replaceChildren(...leads.map((one) => el('button', { type: 'button', onclick: () => choose(one.lead) })));
  }
  all('button', box).forEach((chip, at) => {
    say(chip, first(leads[at].name) || '?');
    chip.dataset.open = !['closed', 'held'].includes(leads[at].state);
    chip.setAttribute('aria-pressed', leads[at].lead === lead?.lead);
  });
}

function marks({ marks: reached, speeds }) {
  const since = Date.parse(reached.t1);
  const after = (mark) => (reached[mark] ? `${seconds(Math.round((Date.parse(reached[mark]) - since) / 100) * 100 + 0)} s` : '');
  const list = one('.marks');
  if (!list.children.length) list.append(...MARKS.map(() => el('li', {}, el('b'), el('span'), el('i'))));
  [...list.children].forEach((item, at) => {
    const [name, meaning, time] = item.children;
    say(name, MARKS[at]);
    say(meaning, t(`mark.${MARKS[at]}`));
    say(time, after(MARKS[at]));
    item.classList.toggle('reached', Boolean(reached[MARKS[at]]));
  });
  const figures = one('.speeds');
  if (!figures.children.length) figures.append(...Object.keys(SPEEDS).map(() => el('div', {}, el('dt'), el('dd'))));
  Object.entries(SPEEDS).forEach(([name, key], at) => {
    const [label, value] = figures.children[at].children;
    say(label, t(`speed.${name}`));
    say(value, speeds[key] === null ? '–' : `${seconds(speeds[key])} s`);
  });
}

// Lines are only added: what was read out is not read again.
function lines(lead, people) {
  const list = one('#story');
  const whose = `${lead.lead}/${language}`;
  if (shown !== whose) {
    list.replaceChildren();
    shown = whose;
  }
  const since = Date.parse(lead.marks.t1);
  for (const entry of (lead.timeline ?? []).slice(list.children.length)) {
    const kind = Object.keys(KINDS).find((one) => KINDS[one].includes(entry.what)) ?? 'plain';
    const after = `${seconds(Date.parse(entry.at) - since)} s`;
    list.append(el('li', { 'data-kind': kind, 'data-what': entry.what }, el('time', { datetime: entry.at, text: after }), el('span', { text: sentence(entry, lead, people) })));
  }
  if (list.lastElementChild) list.scrollTop = list.scrollHeight;
}

function sentence(entry, lead, people) {
  const gaps = { ...names(lead, people, entry.rep), reason: reasonOf(entry.reason) };
  if (entry.what === 'closed') return t('what.closed', { outcome: t(`outcome.${lead.outcome}`) });
  if (entry.what === 'menu-key') return t('what.menu-key', { ...gaps, reason: t(`menu.${entry.reason}`) });
  if (entry.what === 'hung-up') return t(`what.hung-up-${entry.by ?? 'us'}`, gaps);
  if (entry.what === 'plan-made') return t('what.plan-made', { names: people.map((person) => first(person.name)).join(', ') });
  const elsewhere = has(`what.${entry.what}-leg`) && !entry.rep;
  return t(elsewhere ? `what.${entry.what}-leg` : `what.${entry.what}`, gaps);
}

function names(lead, people, rep) {
  const person = people.find((one) => one.rep === rep);
  return { rep: person ? first(person.name) : rep ?? '', customer: first(lead.name) || t('role.customer') };
}
