// Customers who might ask. Each gets a number of their own, so that one lead never joins another by accident.

const SAMPLES = [
  ['Jan', 'Peeters', 'nl', 'VW', 'Golf', 'test-drive', 'Is hij nog beschikbaar?'],
  ['Amélie', 'Laurent', 'fr', 'Renault', 'Clio', 'lease', 'Quel serait le loyer mensuel ?'],
  ['Jonas', 'Weber', 'de', 'BMW', 'iX1', 'buy', 'Ist er sofort lieferbar?'],
  ['Emma', 'Clarke', 'en', 'Volvo', 'EX30', 'trade-in', 'Can I trade in my 2019 Polo?'],
  ['Fatima', 'El Amrani', 'nl', 'Škoda', 'Octavia', 'buy', 'Kan ik zaterdag komen kijken?'],
  ['Lucas', 'Dubois', 'fr', 'Peugeot', '208', 'test-drive', 'Un essai samedi est-il possible ?'],
  ['Katrin', 'Vogel', 'de', 'Audi', 'Q4', 'lease', 'Was kostet die Rate mit 15.000 km?'],
  ['Oliver', 'Hughes', 'en', 'Kia', 'EV3', 'test-drive', 'Do you have it in blue?'],
];

let turn = -1;

// The next customer; the first one speaks the page's language.
export function next(language) {
  turn = turn < 0 ? SAMPLES.findIndex((sample) => sample[2] === language) : (turn + 1) % SAMPLES.length;
  const [first_name, last_name, speaks, make, model, interest, message] = SAMPLES[turn];
  return { first_name, last_name, phone: number(), language: speaks, make, model, interest, message };
}

export const BAD_NUMBER = '0900 12 345';

function number() {
  const pair = () => String(Math.floor(Math.random() * 100)).padStart(2, '0');
  return `047${1 + Math.floor(Math.random() * 8)} ${pair()} ${pair()} ${pair()}`;
}
