import type { Knex } from 'knex';
import * as runs from './0001-runs.ts';
import * as changes from './0002-changes.ts';
import * as seriesMembers from './0003-series-members.ts';
import * as noiseProfiles from './0004-noise-profiles.ts';
import * as auth from './0005-auth.ts';
import * as outbox from './0006-outbox.ts';
import * as kayenta from './0007-kayenta.ts';
import * as steppedRollouts from './0008-stepped-rollouts.ts';
import * as ledgerRollups from './0009-ledger-rollups.ts';
import * as incidents from './0010-incidents.ts';
import * as changeAliases from './0011-change-aliases.ts';
import * as auditOnce from './0012-audit-once.ts';
import * as releases from './0013-releases.ts';

/** One step of the schema's history, both ways. */
export type Migration = {
  /** The file's name without extension: what a database remembers, whether `.ts` or `.js` ran. */
  readonly name: string;
  readonly up: (sql: Knex) => Promise<void>;
  readonly down: (sql: Knex) => Promise<void>;
};

/** In the order in which they run. Listed by hand, so that the list is the same from `.ts` and from built `.js`. */
export const migrations: readonly Migration[] = [
  { name: '0001-runs', ...runs },
  { name: '0002-changes', ...changes },
  { name: '0003-series-members', ...seriesMembers },
  { name: '0004-noise-profiles', ...noiseProfiles },
  { name: '0005-auth', ...auth },
  { name: '0006-outbox', ...outbox },
  { name: '0007-kayenta', ...kayenta },
  { name: '0008-stepped-rollouts', ...steppedRollouts },
  { name: '0009-ledger-rollups', ...ledgerRollups },
  { name: '0010-incidents', ...incidents },
  { name: '0011-change-aliases', ...changeAliases },
  { name: '0012-audit-once', ...auditOnce },
  { name: '0013-releases', ...releases },
];
