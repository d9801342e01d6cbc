import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readChangeReport } from '../../src/api/changes.ts';
import { readDeploymentStatus, readDeployment as readHook } from '../../src/api/github/deployment.ts';
import type { GithubHouse } from '../../src/api/github/house.ts';
import type { DeploymentEvent } from '../../src/api/github/payload.ts';
import { type DeploymentStatus, readDeployment } from '../../src/cli/github-deployments.ts';
import type { ChangeReport } from '../../src/ledger/changes.ts';

const house: GithubHouse = {
  services: ['checkout', 'search'].map((name) => ({ name, repository: 'shop/all', gates: [] })),
  allowedHosts: [],
  deadline: 0,
  comments: false,
  report: 'none',
};
const repository = { id: 77, name: 'all', full_name: 'shop/all', owner: { login: 'shop' } };

const anyStatuses = fc.array(
  fc.constantFrom('queued', 'pending', 'in_progress', 'success', 'failure', 'error', 'inactive'),
  { minLength: 1, maxLength: 5 },
);
const anyDeployment = fc.record({
  id: fc.nat(),
  sha: fc.constantFrom(
    '9f1c2d3e4f5061728394a5b6c7d8e9f001122334',
    '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
  ),
  environment: fc.constantFrom('production', 'staging'),
  task: fc.constantFrom('deploy', 'deploy:rollback'),
  payload: fc
    .record(
      {
        service: fc.constantFrom('checkout', 'search'),
        version: fc.constantFrom('v1', 7),
        kind: fc.constantFrom('hotfix', 'rollback', 'else'),
      },
      { requiredKeys: ['service'] },
    )
    .chain((carried) => fc.constantFrom<unknown>(carried, JSON.stringify(carried))),
  creator: fc.record({ login: fc.constantFrom('ada', 'bob') }),
});

/** What makes one change of two reports, and what they say became of it. */
function gistOf({ source, externalId, service, environment, facts, ...end }: ChangeReport) {
  const { version, commit, actor, kind = 'normal' } = facts;
  const { finishedAt, outcome, failureClass } = end;
  return {
    who: [source, externalId, service, environment, version, commit, actor, kind],
    end: finishedAt === undefined ? null : [finishedAt, outcome, failureClass],
  };
}

function endsOf(reports: readonly ChangeReport[]): string[] {
  return reports.flatMap((report) => JSON.stringify(gistOf(report).end)).filter((end) => end !== 'null');
}

describe('the backfill of GitHub beside its webhooks', () => {
  it('names and describes deployments alike, and tells the same ends', () => {
    fc.assert(
      fc.property(anyDeployment, anyStatuses, (deployment, states) => {
        const statuses: DeploymentStatus[] = states.map((state, minute) => ({
          state,
          created_at: `2026-10-05T10:0${minute}:00Z`,
        }));
        const event: DeploymentEvent = { repository, deployment };
        const hooks = [
          readHook(event, house),
          ...statuses.map((status) => readDeploymentStatus({ ...event, deployment_status: status }, house)),
        ].flatMap((told) => (told === null ? [] : [told.report]));
        const told = { ...deployment, created_at: '2026-10-05T10:00:00Z' };
        const origin = { repositoryId: repository.id, service: null, otherwise: 'checkout' };
        const read = readDeployment(told, statuses, origin).map((body) =>
          readChangeReport(body as Parameters<typeof readChangeReport>[0], '', { findPlace: () => null }, []),
        );

        const [first] = hooks;
        assert.ok(first !== undefined && read.length > 0);
        for (const report of [...hooks, ...read]) assert.deepEqual(gistOf(report).who, gistOf(first).who);
        // A success that GitHub has forgotten is guessed, which no webhook does.
        const isGuessed = read.some(({ finishedAtEstimated }) => finishedAtEstimated === true);
        assert.deepEqual(isGuessed ? [] : endsOf(read), endsOf(hooks));
      }),
    );
  });
});
