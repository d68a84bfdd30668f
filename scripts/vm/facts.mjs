// What a guest found out about itself (guest-facts.cjs), in a few lines.

import { inspect } from 'node:util';
import { dim, say, warn } from './report.mjs';

/** @param {{ release, arch, node, capabilities? }} facts `capabilities` is what support() said */
export function printFacts({ release, arch, node, capabilities: support }, accelerator) {
  say(`kernel ${release} · ${arch} · ${accelerator} · node ${node}`);
  if (support === undefined) return warn('no capabilities: the guest has no built library');
  if (typeof support !== 'object' || !support.capabilities) return warn(inspect(support));

  const { reapedBy, guarantees = {}, capabilities, addon } = support;
  const promised = Object.entries(guarantees).map(([name, value]) => `${name}: ${value}`);
  say(dim(`reaped by ${reapedBy} (${promised.join(', ')})`));
  const entries = Object.entries(capabilities);
  const there = entries.filter(([, { supported }]) => supported).map(([name]) => name);
  const lacking = entries.filter(([, { supported }]) => !supported);
  const refusals = lacking.map(([name, { code }]) => (code ? `${name} (${code})` : name));
  if (there.length > 0) say(dim(`has ${there.join(', ')}`));
  if (refusals.length > 0) say(dim(`lacks ${refusals.join(', ')}`));
  if (addon?.loaded === false) warn(`the addon is not loaded: ${inspect(addon)}`);
}
