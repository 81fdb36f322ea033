// The page put together: one stream of whole pictures in, everything drawn from the latest.

import { one, say, show } from './dom.js';
import * as form from './lead.js';
import * as guide from './guide.js';
import * as phones from './phones.js';
import * as sound from './sound.js';
import * as story from './story.js';
import { choose, preferred, speak, t, language } from './words.js';

const TICK_MS = 100;
const BACK_AFTER_MS = 1000;
const seen = { phones: [], leads: [], ahead: 0, chosen: null };
let ticking = null;

await speak(preferred());
one('#language').value = language;
one('#language').addEventListener('change', (event) => choose(event.target.value).then(draw));
sound.start();
guide.start();
form.start(() => { seen.chosen = null; });
one('#lead').addEventListener('input', draw);
document.addEventListener('keydown', digit);
listen();

// The browser comes back by itself, unless it was told that there is nothing: then we do.
function listen() {
  const stream = new EventSource('/demo/events');
  const on = (name, take) => stream.addEventListener(name, (event) => {
    take(JSON.parse(event.data));
    show(one('#lost'), false);
    draw();
  });
  on('now', (now) => { seen.ahead = Date.parse(now) - Date.now(); });
  on('phones', (list) => { seen.phones = list; });
  on('leads', (list) => {
    if (list.at(-1)?.lead !== seen.leads.at(-1)?.lead) seen.chosen = null;
    seen.leads = list;
  });
  stream.addEventListener('error', () => {
    show(one('#lost'), true);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, BACK_AFTER_MS);
  });
}

function digit(event) {
  const types = event.target.closest('input:not([type=checkbox]), textarea, select');
  if (types || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
  phones.press(event.key, shown());
}

// The phones as drawn: with their state, and the customer who has not asked yet.
function shown() {
  const list = seen.phones.map((phone) => ({ ...phone, state: phones.stateOf(phone.call) }));
  if (list.length && !list.some((phone) => phone.role === 'customer')) {
    const last = list.findLastIndex((phone) => phone.role === 'rep');
    list.splice(last + 1, 0, { number: '', name: form.customer() || t('role.customer'), role: 'customer', state: 'idle', call: null });
  }
  return list;
}

const lead = () => seen.leads.find((one) => one.lead === seen.chosen) ?? seen.leads.at(-1);

// A joined lead goes on as the one it joined; else what is still under way is what there is to do.
function underWay(current) {
  const joined = seen.leads.find((one) => one.lead === current?.joined_to);
  const open = (one) => one && !['closed', 'held'].includes(one.state);
  return open(joined) ? joined : open(current) || seen.chosen ? current : seen.leads.findLast(open) ?? current;
}

function draw() {
  const list = shown();
  const people = seen.phones.filter((phone) => phone.rep);
  const current = lead();
  phones.draw(list, (phone) => guide.legend(phone, seen.leads));
  form.reps(people.filter((phone) => phone.role === 'rep'));
  story.draw(seen.leads, current, people, (chosen) => { seen.chosen = chosen; draw(); });
  guide.draw(list, underWay(current), form.submit);
  sound.heard(list);
  say(document.querySelector('title'), title(list));
  tick();
}

function title(list) {
  const ringing = list.find((phone) => phone.state === 'ringing');
  return ringing ? `☎ ${phones.first(ringing.name)} – Leadbridge` : 'Leadbridge – demo';
}

// Time is drawn only while some clock runs.
function tick() {
  clearTimeout(ticking);
  const now = Date.now() + seen.ahead;
  phones.tick(now);
  story.tick(lead(), now);
  const runs = story.runs(lead()) || shown().some((phone) => ['talking', 'joined', 'machine'].includes(phone.state));
  if (runs) ticking = setTimeout(tick, TICK_MS);
}
