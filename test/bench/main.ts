import { benchJudge } from './judge.ts';
import { benchJudgeLines } from './judge-lines.ts';
import { benchKayenta } from './kayenta.ts';
import { benchLedger } from './ledger.ts';
import { benchService } from './service.ts';

/** Every bench by the name that `npm run bench -- NAME…` selects it by; without a name all of them run, in this order. */
const benches = new Map<string, () => void | Promise<void>>([
  ['judge', benchJudge],
  ['kayenta', benchKayenta],
  ['judge-lines', benchJudgeLines],
  ['service', benchService],
  ['ledger', benchLedger],
]);

const names = process.argv.slice(2);
const unknown = names.filter((name) => !benches.has(name));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(' or ')}; there are ${[...benches.keys()].join(', ')}`);
  process.exit(2);
}
for (const [name, bench] of benches) if (names.length === 0 || names.includes(name)) await bench();
