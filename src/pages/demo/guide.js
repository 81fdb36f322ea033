// The next thing to do, in one sentence, with a button that does it. The button is never taken away: whoever plays by
// keys stands on it from the lead to the result.

import { el, one, say } from './dom.js';
import { act, find, first } from './phones.js';
import { reasonOf } from './story.js';
import { t } from './words.js';

const STEPS = ['lead', 'ring', 'accept', 'customer', 'talk', 'done'];
let doing = null;
let pointed = null;

export function start() {
  one('#guide .do').addEventListener('click', () => doing?.());
  one('#guide .steps').append(...STEPS.map(() => el('li', {}, el('i'), el('span'))));
}

export function draw(phones, lead, send) {
  const next = advise(phones, lead, send);
  say(one('#guide .say'), next.text);
  const button = one('#guide .do');
  say(button, next.action ?? t('guide.wait'));
  button.setAttribute('aria-disabled', !next.action);
  doing = next.run;
  [...one('#guide .steps').children].forEach((item, at) => {
    say(item.lastElementChild, t(`step.${STEPS[at]}`));
    item.dataset.at = at < next.step ? 'past' : at === next.step ? 'now' : 'later';
  });
  point(next.at?.() ?? null);
}

// What the keys of a phone mean now.
export function legend(phone, leads) {
  const lead = leads.find((one) => phone.call?.leg?.startsWith(one.lead));
  if (!lead || phone.state !== 'talking' || phone.role === 'customer') return {};
  const meanings = (name, keys) => Object.fromEntries(keys.map((key) => [key, t(`${name}.${key}`)]));
  if (['ringing', 'whispering'].includes(lead.state)) return meanings('key', ['1', '2', '3', '7', '9']);
  if (lead.state === 'wrapping-up' && mayTryAgain(lead, phone)) return { 1: t('key.again') };
  return lead.state === 'wrapping-up' ? meanings('menu', ['1', '2', '3', '4', '0']) : {};
}

const mayTryAgain = (lead, phone) => lead.customer.at(-1)?.result === 'missed' && phone.call.wants_key;

function point(element) {
  if (pointed === element) return;
  pointed?.classList.remove('next');
  element?.classList.add('next');
  pointed = element;
}

function advise(phones, lead, send) {
  if (!lead) return sending('guide.start', 'lead.send', 0, send);
  if (lead.state === 'held') return sending('guide.held', 'guide.send-good', 0, send, { reason: reasonOf(lead.held_reason) });
  if (lead.state === 'closed') return closed(lead, send);
  return underWay(phones, lead);
}

function sending(text, action, step, send, gaps = {}) {
  return { text: t(text, gaps), action: t(action), run: send, step, at: () => one('#send') };
}

function closed(lead, send) {
  const known = ['connected', 'unconfirmed', 'customer-unreached', 'nobody-accepted', 'joined'].includes(lead.outcome);
  return sending(`guide.${known ? lead.outcome : 'closed'}`, 'guide.send-another', 6, send, { customer: first(lead.name) });
}

function underWay(phones, lead) {
  const staff = phones.filter((phone) => phone.role !== 'customer' && phone.call?.leg?.startsWith(lead.lead));
  const customer = phones.find((phone) => phone.role === 'customer' && phone.number === lead.number);
  const up = staff.find((phone) => ['talking', 'joined'].includes(phone.state));
  const gaps = { rep: up && first(up.name), customer: first(lead.name) };
  const doNow = (text, step, phone, part, what, key) => ({
    text: t(`guide.${text}`, gaps), action: t(`do.${text}`, gaps), step, run: () => act(phone, what, key), at: () => find(phone.number, part),
  });
  const wait = (text, step) => ({ text: t(`guide.${text}`, gaps), step });
  if (customer?.state === 'ringing') return doNow('customer-rings', 3, customer, '.answer', 'answer');
  if (customer?.state === 'joined') return doNow('talking', 4, customer, '.hang-up', 'hang-up');
  if (up?.call.wants_key && lead.state === 'wrapping-up') {
    return doNow(mayTryAgain(lead, up) ? 'try-again' : 'menu', 5, up, '[data-key="1"]', 'press', '1');
  }
  if (up?.call.wants_key && ['whispering', 'ringing'].includes(lead.state)) return doNow('press-1', 2, up, '[data-key="1"]', 'press', '1');
  if (up) return wait(lead.state === 'wrapping-up' ? 'ending' : 'listening', lead.state === 'dialling' ? 3 : 2);
  const rings = staff.find((phone) => phone.state === 'ringing');
  if (rings) {
    gaps.rep = first(rings.name);
    return doNow('pick-up', 1, rings, '.answer', 'answer');
  }
  return wait(['waiting', 'sleeping', 'in-line', 'stalled'].includes(lead.state) ? lead.state : 'soon', 1);
}
