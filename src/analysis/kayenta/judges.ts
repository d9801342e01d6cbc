import type { JudgeName } from '../../judge/kayenta/parse-config.ts';

/** The judges that a canary config may name: Kayenta's own rule, and the sequential judge. */
export const judges: readonly { readonly name: JudgeName; readonly visible: boolean }[] = [
  { name: 'NetflixACAJudge-v1.0', visible: true },
  { name: 'Serin-v1.0', visible: true },
];
