// The form: a lead as the website would send it.

import { all, el, one, post, say, show } from './dom.js';
import { language, t } from './words.js';
import { BAD_NUMBER, next } from './samples.js';

const SECOND_COMES_AFTER_MS = 1500;
const form = one('#lead');

export function start(sent) {
  fill(next(language));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(filled()).then(sent);
  });
  for (const button of all('[data-sample]')) {
    button.addEventListener('click', () => sample(button.dataset.sample, sent));
  }
}

// The customer whose lead has not been sent yet.
export const customer = () => [form.first_name.value, form.last_name.value].join(' ').trim();

export const submit = () => form.requestSubmit();

// Who may be asked for by name.
export function reps(people) {
  const select = form.rep;
  const known = all('option', select).slice(1).map((option) => option.value);
  if (known.join() === people.map((person) => person.rep).join()) return;
  const chosen = select.value;
  select.replaceChildren(one('option', select), ...people.map((person) => el('option', { value: person.rep, text: person.name })));
  select.value = chosen;
}

async function sample(kind, sent) {
  fill(next(language));
  if (kind === 'bad') form.phone.value = BAD_NUMBER;
  const lead = filled();
  await send(lead).then(sent);
  if (kind === 'twice') {
    await new Promise((later) => setTimeout(later, SECOND_COMES_AFTER_MS));
    await send({ ...lead, id: undefined, requested_at: new Date().toISOString() });
  }
}

function fill(values) {
  for (const [name, value] of Object.entries(values)) form[name].value = value;
}

function filled() {
  const value = (name) => form[name].value.trim() || undefined;
  const at = new Date().toISOString();
  return {
    requested_at: at,
    first_name: value('first_name'),
    last_name: value('last_name'),
    phone: value('phone'),
    language: value('language'),
    message: value('message'),
    vehicle: { make: value('make'), model: value('model'), interest: value('interest') },
    rep: value('rep'),
    consent: { call: true, text: form.text.checked, at },
  };
}

// Resolves to the lead's name; the form is then ready with the next customer.
async function send(lead) {
  show(one('#refused'), false);
  try {
    const answer = await post('/demo/leads', JSON.stringify(lead));
    fill({ ...next(language), rep: '' });
    return (await answer.json()).lead;
  } catch {
    say(one('#refused'), t('lead.refused'));
    show(one('#refused'), true);
    return null;
  }
}
