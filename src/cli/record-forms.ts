import type { Field } from './record-fields.ts';

const outcomes = ['pending', 'succeeded', 'failed', 'abandoned'];
const failureClasses = ['caught_in_canary', 'escaped', 'failed_to_deploy'];

const failureClass: Field = {
  flag: '--failure-class <class>',
  about: 'how it failed',
  path: 'failureClass',
  choices: failureClasses,
};

/** The members of a body of `POST /v1/changes`. */
export const changeFields: readonly Field[] = [
  { flag: '--source <name>', about: 'who reports, such as jenkins', path: 'source', required: true },
  { flag: '--external-id <id>', about: "that reporter's own id of it", path: 'externalId', required: true },
  { flag: '--service <name>', about: 'the service that changes', path: 'service', required: true },
  { flag: '--environment <name>', about: 'where it changes', path: 'environment', required: true },
  {
    flag: '--target <name...>',
    about: 'clusters and regions it went to',
    path: 'targets',
    shape: 'list',
  },
  { flag: '--change-version <version>', about: 'version, tag or build', path: 'version' },
  { flag: '--commit <sha>', about: 'commit that was built', path: 'commit' },
  { flag: '--artifact <reference>', about: 'package URL or digest of what was built', path: 'artifact' },
  { flag: '--change-url <url>', about: 'where people read about the change', path: 'url' },
  { flag: '--actor <name>', about: 'who brings it about', path: 'actor' },
  {
    flag: '--kind <kind>',
    about: 'what kind of change it is',
    path: 'kind',
    choices: ['normal', 'rollback', 'hotfix'],
  },
  { flag: '--outcome <outcome>', about: 'what became of it', path: 'outcome', choices: outcomes },
  failureClass,
  { flag: '--committed-at <time>', about: 'when the commit was made, RFC 3339', path: 'committedAt' },
  { flag: '--started-at <time>', about: 'when it began, RFC 3339', path: 'startedAt' },
  { flag: '--finished-at <time>', about: 'when it was done, RFC 3339', path: 'finishedAt' },
  {
    flag: '--finished-at-estimated',
    about: 'that time is only about right',
    path: 'finishedAtEstimated',
    shape: 'yes',
  },
];

/** The members of a body of `POST /v1/changes/{id}/outcome`. */
export const outcomeFields: readonly Field[] = [
  {
    flag: '--outcome <outcome>',
    about: 'what became of it',
    path: 'outcome',
    choices: outcomes,
    required: true,
  },
  failureClass,
  { flag: '--at <time>', about: 'when it became so, RFC 3339 (default: now)', path: 'at' },
  { flag: '--reason <text>', about: 'why; kept with the change', path: 'reason', required: true },
];

/** The members of a body of `POST /v1/incidents`. */
export const incidentFields: readonly Field[] = [
  { flag: '--source <name>', about: 'who tells, such as oncall', path: 'source', required: true },
  { flag: '--external-id <id>', about: "that source's own id of it", path: 'externalId', required: true },
  { flag: '--service <name>', about: 'the service that it hurts', path: 'service' },
  {
    flag: '--environment <name>',
    about: "where it hurts (default: the service's environment)",
    path: 'environment',
  },
  {
    flag: '--status <status>',
    about: 'what became of it (default: what the times say)',
    path: 'status',
    choices: ['open', 'acknowledged', 'resolved', 'dismissed'],
  },
  { flag: '--severity <word>', about: 'how bad it is, in your words', path: 'severity' },
  { flag: '--title <text>', about: 'what hurts', path: 'title' },
  { flag: '--incident-url <url>', about: 'where people read about it', path: 'url' },
  {
    flag: '--at <time>',
    about: 'when this is told, RFC 3339 (default: the latest of the times)',
    path: 'at',
  },
  { flag: '--opened-at <time>', about: 'when it began, RFC 3339', path: 'openedAt' },
  { flag: '--acknowledged-at <time>', about: 'when somebody took it up, RFC 3339', path: 'acknowledgedAt' },
  { flag: '--resolved-at <time>', about: 'when it was over, RFC 3339', path: 'resolvedAt' },
  { flag: '--label <name=value...>', about: 'labels', path: 'labels', shape: 'pairs' },
  { flag: '--change-id <id>', about: 'the change to blame, by its id', path: 'change.id' },
  { flag: '--change-source <name>', about: 'the change to blame: who named it', path: 'change.source' },
  {
    flag: '--change-external-id <id>',
    about: 'the change to blame: what that source calls it',
    path: 'change.externalId',
  },
  { flag: '--change-version <version>', about: 'the version to blame', path: 'change.version' },
  { flag: '--commit <sha>', about: 'the commit to blame', path: 'change.commit' },
  { flag: '--artifact <reference>', about: 'the package URL or digest to blame', path: 'change.artifact' },
];
