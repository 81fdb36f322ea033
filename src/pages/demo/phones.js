// The phones: drawn once, then only changed, so that whoever stands on a button stays there.

import { all, el, icon, one, post, say, show, svg } from './dom.js';
import { seconds, t } from './words.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
// A longer line is set smaller: the keys say the same.
const LONG = 75;
// How many text messages a phone shows.
const TEXTS = 2;
const drawn = new Map();
let lastCaption = '';

// What a phone does now, in one word.
export function stateOf(call) {
  if (!call || call.end) return 'idle';
  if (!call.answered) return 'ringing';
  if (call.is_machine) return 'machine';
  return call.with ? 'joined' : 'talking';
}

export const first = (name) => name.split(' ')[0];

// Does something with a phone; what came too late changes nothing.
export const act = (phone, what, body) => post(`/_phones/${encodeURIComponent(phone.number)}/${what}`, body).catch(() => {});

// A digit goes to the phone one stands on, else to the one that is asked for a key, else to one on a call.
export function press(key, phones) {
  const held = document.activeElement?.closest('.phone')?.dataset.number;
  const up = phones.filter((phone) => ['talking', 'joined'].includes(phone.state));
  const phone = up.find((one) => one.number === held) ?? up.find((one) => one.call.wants_key) ?? up[0];
  if (!phone) return;
  flash(phone.number, key);
  act(phone, 'press', key);
}

export function draw(phones, legend) {
  const shelf = one('#phones');
  for (const [number, parts] of drawn) {
    if (phones.some((phone) => phone.number === number)) continue;
    parts.phone.remove();
    drawn.delete(number);
  }
  for (const phone of phones) {
    if (!drawn.has(phone.number)) drawn.set(phone.number, build(phone));
    const parts = drawn.get(phone.number);
    parts.now = phone;
    update(parts, phone, phones, legend(phone));
  }
  // Only what stands in the wrong place is moved: whoever is moved loses the focus.
  phones.forEach((phone, at) => {
    const now = all('.phone', shelf)[at];
    const wanted = drawn.get(phone.number).phone;
    if (now !== wanted) shelf.insertBefore(wanted, now ?? null);
  });
  join(phones);
}

// The seconds of each call, as they run.
export function tick(now) {
  for (const { now: phone, time } of drawn.values()) {
    const runs = phone.call?.answered && !phone.call.end;
    say(time, runs ? `${seconds(Math.max(0, now - Date.parse(phone.call.answered)), 0)} s` : '');
  }
}

// The element that the guide points at.
export function find(number, part) {
  const phone = drawn.get(number)?.phone;
  return phone && one(part, phone);
}

function build(phone) {
  const parts = {};
  const button = (name, symbol, what = name, body = () => undefined) => {
    const label = el('span');
    parts[`${name}Label`] = label;
    return (parts[name] = el('button', { type: 'button', class: `act ${name}`, onclick: () => act(parts.now, what, body()) }, icon(symbol), label));
  };
  const key = (digit) => el('button', { type: 'button', class: 'key', 'data-key': digit, onclick: () => act(parts.now, 'press', digit) },
    el('b', { text: digit }), el('small'));
  parts.avatar = el('div', { class: 'avatar', 'aria-hidden': 'true' });
  parts.name = el('h3');
  parts.role = el('p', { class: 'role' });
  parts.status = el('p', { class: 'status' });
  parts.time = el('span', { class: 'time' });
  parts.caption = el('p', { class: 'caption' });
  parts.keypad = el('div', { class: 'keypad', role: 'group' }, ...KEYS.map(key));
  parts.texts = el('ol', { class: 'texts' });
  parts.acts = el('div', { class: 'acts' },
    button('decline', 'down'), button('machine', 'machine'), button('answer', 'phone'), button('hang-up', 'down'),
    button('call', 'phone', 'call', () => parts.now.line));
  parts.phone = el('article', { class: 'phone', tabindex: '-1', 'data-number': phone.number, 'data-role': phone.role },
    el('div', { class: 'screen' },
      el('header', {}, parts.avatar, el('div', {}, parts.name, parts.role)),
      el('div', { class: 'display' }, parts.status, parts.time),
      parts.caption, parts.texts, parts.keypad, parts.acts));
  return parts;
}

function update(parts, phone, phones, legend) {
  const { state, call } = phone;
  const stood = parts.phone.contains(document.activeElement) && document.activeElement !== parts.phone;
  parts.phone.dataset.state = state;
  parts.phone.dataset.wants = Boolean(call?.wants_key && state === 'talking');
  const other = phones.find((one) => one.number === call?.with);
  parts.phone.setAttribute('aria-label', t('phones.of', { name: phone.name, role: t(`role.${phone.role}`) }));
  say(parts.avatar, initials(phone.name));
  say(parts.name, phone.role === 'reception' ? t('role.reception') : phone.name);
  say(parts.role, phone.role === 'reception' ? phone.name : t(`role.${phone.role}`));
  say(parts.status, status(phone, other));
  caption(parts, phone, state);
  for (const [name, visible] of Object.entries({
    decline: state === 'ringing', machine: state === 'ringing' && phone.role !== 'customer', answer: state === 'ringing',
    'hang-up': ['talking', 'joined', 'machine'].includes(state), call: state === 'idle' && Boolean(phone.line),
  })) {
    show(parts[name], visible);
    say(parts[`${name}Label`], t(`act.${name}`));
    parts[name].setAttribute('aria-label', t(`act.${name}-of`, { name: first(phone.name) }));
  }
  keypad(parts, phone, state, legend);
  texts(parts, phone, state);
  const stands = document.activeElement;
  if (stood && (!parts.phone.contains(stands) || stands.closest('[hidden]'))) parts.phone.focus({ preventScroll: true });
}

function status({ state, call, who }, other) {
  if (state === 'ringing') return t('phone.rings', { who });
  if (state === 'joined') return t('phone.joined', { name: other ? first(other.name) : call.with });
  if (state === 'talking') return t('phone.talking');
  if (state === 'machine') return t('phone.machine');
  return call?.end && !call.answered ? t('phone.missed') : t('phone.idle');
}

function caption(parts, phone, state) {
  const line = ['talking', 'machine'].includes(state) ? spoken(phone.call.heard.at(-1)) : '';
  say(parts.caption, line);
  show(parts.caption, line !== '');
  if (!line) return;
  parts.caption.lang = phone.language;
  parts.caption.classList.toggle('long', line.length > LONG);
  const told = `${phone.call.sid}/${phone.call.lines}`;
  if (told === lastCaption) return;
  lastCaption = told;
  say(one('#caption'), t('phone.hears', { name: first(phone.name), line }));
}

// A tone is played from an address.
export const spoken = (line = '') => (/^https?:/.test(line) ? '♪' : line);

function keypad(parts, phone, state, legend) {
  const keys = ['talking', 'joined'].includes(state) && phone.role !== 'customer';
  parts.phone.dataset.keys = keys;
  show(parts.keypad, keys);
  parts.keypad.setAttribute('aria-label', t('phones.keypad', { name: first(phone.name) }));
  const pressed = phone.call?.keys ?? '';
  if (parts.pressed !== undefined && pressed.length > parts.pressed.length) flash(phone.number, pressed.at(-1));
  parts.pressed = pressed;
  for (const key of all('.key', parts.keypad)) {
    const meaning = legend[key.dataset.key] ?? '';
    say(one('small', key), meaning);
    key.classList.toggle('means', meaning !== '');
    if (meaning) key.setAttribute('aria-label', `${key.dataset.key}: ${meaning}`);
    else key.removeAttribute('aria-label');
  }
}

// The text messages, the latest last, while nothing else needs the room.
function texts(parts, { texts: all = [] }, state) {
  show(parts.texts, state === 'idle' && all.length > 0);
  const latest = all.slice(-TEXTS);
  if (parts.texts.dataset.count === String(all.length)) return;
  parts.texts.dataset.count = all.length;
  parts.texts.setAttribute('aria-label', t('phone.texts'));
  parts.texts.replaceChildren(...latest.map((text) => el('li', { text: text.body })));
}

function flash(number, key) {
  const button = find(number, `[data-key="${CSS.escape(key)}"]`);
  button?.animate?.([{ filter: 'brightness(1.7)' }, { filter: 'none' }], { duration: 350 });
}

const initials = (name) => name.split(' ').map((word) => word[0]).slice(0, 2).join('');

// Two who are joined have a line between them.
function join(phones) {
  const board = one('#bridges');
  const around = board.getBoundingClientRect();
  const pairs = phones.filter((phone) => phone.state === 'joined' && phone.number < phone.call.with);
  const lines = pairs.map((phone) => [drawn.get(phone.number)?.phone, drawn.get(phone.call.with)?.phone]).filter(([one, two]) => one && two);
  const paths = lines.map(([one, two]) => curve(one.getBoundingClientRect(), two.getBoundingClientRect(), around));
  const now = all('path', board).map((path) => path.getAttribute('d'));
  if (now.join() !== paths.join()) board.replaceChildren(...paths.map((d) => svg('path', { d })));
}

// Below both where they stand side by side, else from the upper one down to the lower one.
function curve(one, two, around) {
  const [upper, lower] = one.top <= two.top ? [one, two] : [two, one];
  const middle = (box) => Math.round(box.left + box.width / 2 - around.left);
  const from = Math.round(upper.bottom - around.top);
  const beside = Math.abs(upper.top - lower.top) < upper.height / 2;
  const to = beside ? Math.round(lower.bottom - around.top) : Math.round(lower.top - around.top);
  const sag = beside ? [from + 34, to + 34] : [from + 24, to - 24];
  return `M${middle(upper)} ${from} C${middle(upper)} ${sag[0]} ${middle(lower)} ${sag[1]} ${middle(lower)} ${to}`;
}

globalThis.addEventListener('resize', () => join([...drawn.values()].map((parts) => parts.now)));
