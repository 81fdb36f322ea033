// Ringing and speech. A browser lets us be heard only after a person has touched the page.

import { one } from './dom.js';
import { spoken } from './phones.js';
import { keep, kept } from './words.js';

const VOICES = { nl: 'nl-BE', fr: 'fr-BE', de: 'de-DE', en: 'en-GB' };
const BURST_S = 1;
const EVERY_MS = 3000;
const TONES = { staff: [440, 554], customer: [587, 740] };

let context = null;
let beat = null;
let ringing = [];
const told = new Map();
const switches = { sound: true, speech: false };

export function start() {
  for (const name of Object.keys(switches)) {
    const button = one(`#${name}`);
    const before = kept(`leadbridge-${name}`);
    if (before) switches[name] = before === 'on';
    button.setAttribute('aria-pressed', switches[name]);
    button.addEventListener('click', () => {
      switches[name] = !switches[name];
      keep(`leadbridge-${name}`, switches[name] ? 'on' : 'off');
      button.setAttribute('aria-pressed', switches[name]);
      if (name === 'speech' && !switches.speech) globalThis.speechSynthesis?.cancel();
      follow();
    });
  }
  for (const gesture of ['pointerdown', 'keydown']) {
    document.addEventListener(gesture, () => {
      context ??= new AudioContext();
      context.resume();
      follow();
    }, { once: true });
  }
}

// Makes heard what the phones do now.
export function heard(phones) {
  ringing = phones.filter((phone) => phone.state === 'ringing');
  follow();
  for (const phone of phones) if (phone.call) read(phone);
}

function follow() {
  const on = switches.sound && context && ringing.length > 0;
  if (on && !beat) {
    burst();
    beat = setInterval(burst, EVERY_MS);
  }
  if (!on && beat) {
    clearInterval(beat);
    beat = null;
  }
}

function burst() {
  const kinds = new Set(ringing.map((phone) => (phone.role === 'customer' ? 'customer' : 'staff')));
  for (const kind of kinds) TONES[kind].forEach((pitch, at) => tone(pitch, (at * BURST_S) / 2));
}

function tone(pitch, after) {
  const begins = context.currentTime + after;
  const loud = new GainNode(context, { gain: 0 });
  const voice = new OscillatorNode(context, { type: 'triangle', frequency: pitch });
  loud.gain.setTargetAtTime(0.12, begins, 0.02);
  loud.gain.setTargetAtTime(0, begins + BURST_S / 2 - 0.1, 0.05);
  voice.connect(loud).connect(context.destination);
  voice.start(begins);
  voice.stop(begins + BURST_S / 2 + 0.2);
}

function read(phone) {
  const { sid, heard: lines, lines: count } = phone.call;
  const before = told.get(sid) ?? (context ? 0 : count);
  told.set(sid, count);
  if (!switches.speech || count === before || phone.call.end) return;
  for (const line of lines.slice(-Math.min(count - before, lines.length))) {
    const words = new SpeechSynthesisUtterance(spoken(line));
    words.lang = VOICES[phone.language] ?? phone.language;
    globalThis.speechSynthesis?.speak(words);
  }
}
