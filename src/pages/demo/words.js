// What the page says, in the language that was chosen, else the browser's first that we speak.

import { all, say } from './dom.js';

const LANGUAGES = ['nl', 'fr', 'de', 'en'];
const KEPT = 'leadbridge-language';
let words = {};
export let language = 'en';

export async function speak(wanted) {
  const text = await fetch(`/demo/${wanted}.json`);
  words = await text.json();
  language = wanted;
  document.documentElement.lang = wanted;
  for (const element of all('[data-t]')) say(element, t(element.dataset.t));
  for (const element of all('[data-t-name]')) element.setAttribute('aria-label', t(element.dataset.tName));
}

export function choose(wanted) {
  keep(KEPT, wanted);
  return speak(wanted);
}

export function preferred() {
  const browser = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2));
  return [kept(KEPT), ...browser].find((tag) => LANGUAGES.includes(tag)) ?? 'en';
}

// A sentence with its gaps filled; a key that is missing shows itself.
export function t(key, gaps = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, gap) => gaps[gap] ?? '');
}

export const has = (key) => key in words;

export const seconds = (ms, digits = 1) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(ms / 1000);

// A browser that keeps nothing forgets the choice, no more.
export function kept(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

export function keep(key, value) {
  try { localStorage.setItem(key, value); } catch { /* nothing is lost */ }
}
