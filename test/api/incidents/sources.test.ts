import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readAlertmanager } from '../../../src/api/incidents/alertmanager.ts';
import { readDatadog } from '../../../src/api/incidents/datadog.ts';
import { readGeneric } from '../../../src/api/incidents/generic.ts';
import { readJira } from '../../../src/api/incidents/jira.ts';
import { readOpsgenie } from '../../../src/api/incidents/opsgenie.ts';
import { readPagerduty } from '../../../src/api/incidents/pagerduty.ts';
import { readServicenow } from '../../../src/api/incidents/servicenow.ts';
import { incidentSources } from '../../../src/api/incidents/sources.ts';
import { readTags, readTime } from '../../../src/api/incidents/told.ts';
import { hasCode } from '../../../src/errors.ts';

const time = (text: string): number => Date.parse(text);

function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0] as T;
}

function refuses(read: (body: unknown) => unknown, body: unknown, path: RegExp): void {
  assert.throws(
    () => read(body),
    (error) => hasCode(error, 'invalid_input') && path.test(error.message),
  );
}

describe('incidentSources', () => {
  it('has a reader for each source that the API names', () => {
    const others = ['hooks.ts', 'mapping.ts', 'router.ts', 'sources.ts', 'told.ts'];
    const files = readdirSync(new URL('../../../src/api/incidents', import.meta.url));
    const readers = files.filter((file) => !others.includes(file)).map((file) => file.replace('.ts', ''));
    // Grafana speaks Alertmanager's language.
    assert.deepEqual([...readers, 'grafana'].sort(), Object.keys(incidentSources).sort());
  });
});

describe('readTime(text)', () => {
  it('reads the times that sources write', () => {
    assert.equal(readTime('2026-11-23T10:20:00Z'), time('2026-11-23T10:20:00Z'));
    assert.equal(readTime('2026-11-23T11:20:00.000+0100'), time('2026-11-23T10:20:00Z'));
    assert.equal(readTime('2026-11-23 10:20:00'), time('2026-11-23T10:20:00Z'));
  });

  it('takes the zero time of Go, and what is none, for no time', () => {
    assert.equal(readTime('0001-01-01T00:00:00Z'), null);
    assert.equal(readTime('yesterday'), null);
    assert.equal(readTime(undefined), null);
  });
});

describe('readTags(tags)', () => {
  it('reads names with values and leaves out the rest', () => {
    const tags = ['service:checkout', ' env = prod', 'team=pay', 'urgent', 'url:http://x:1'];
    assert.deepEqual(readTags(tags), { service: 'checkout', team: 'pay', url: 'http://x:1' });
  });
});

const firing = {
  status: 'firing',
  labels: { alertname: 'HighErrors', service: 'checkout', severity: 'critical' },
  annotations: { summary: 'Errors above 5 %' },
  startsAt: '2026-11-23T10:20:00.123Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph',
  fingerprint: 'c4f3d0e1',
};
const group = {
  version: '4',
  groupKey: '{}:{alertname="HighErrors"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'serin',
  groupLabels: { alertname: 'HighErrors' },
  commonLabels: { env: 'production' },
  commonAnnotations: {},
  externalURL: 'http://alertmanager',
};

describe('readAlertmanager(body)', () => {
  it('reads an alert that fires', () => {
    const told = only(readAlertmanager({ ...group, alerts: [firing] }));
    assert.deepEqual(told, {
      externalId: 'c4f3d0e1/2026-11-23T10:20:00.123Z',
      status: 'open',
      at: time(firing.startsAt),
      openedAt: time(firing.startsAt),
      acknowledgedAt: null,
      resolvedAt: null,
      title: 'Errors above 5 %',
      severity: 'critical',
      url: 'http://prometheus/graph',
      labels: { env: 'production', alertname: 'HighErrors', service: 'checkout', severity: 'critical' },
      names: [],
      link: null,
    });
  });

  it('knows the same alert when it is over, and another when it fires anew', () => {
    const over = { ...firing, status: 'resolved', endsAt: '2026-11-23T10:50:00Z' };
    const again = { ...firing, startsAt: '2026-11-23T12:00:00Z' };
    const [first, second] = readAlertmanager({ ...group, status: 'resolved', alerts: [over, again] });
    assert.equal(first?.externalId, 'c4f3d0e1/2026-11-23T10:20:00.123Z');
    assert.equal(first?.status, 'resolved');
    assert.equal(first?.resolvedAt, time('2026-11-23T10:50:00Z'));
    assert.equal(first?.at, first?.resolvedAt);
    assert.notEqual(second?.externalId, first?.externalId);
  });

  it('tells alerts without a fingerprint apart by their labels, in whatever order', () => {
    const { fingerprint: _, ...plain } = firing;
    const turned = {
      ...plain,
      labels: { severity: 'critical', service: 'checkout', alertname: 'HighErrors' },
    };
    const [one, other] = readAlertmanager({ ...group, alerts: [plain, turned] });
    assert.equal(one?.externalId, other?.externalId);
  });

  it('names the path of what it cannot read', () => {
    refuses(
      readAlertmanager,
      { ...group, alerts: [{ ...firing, status: 'burning' }] },
      /alerts\[0\]\.status: found/,
    );
    refuses(readAlertmanager, { ...group }, /alerts: is missing/);
  });

  it('reads Grafana’s alerts, with the panel to look at', () => {
    const alert = {
      ...firing,
      values: { A: 7 },
      panelURL: 'http://grafana/d/1?viewPanel=2',
      dashboardURL: 'http://grafana/d/1',
    };
    const body = {
      ...group,
      orgId: 1,
      title: '[FIRING:1]',
      state: 'alerting',
      message: 'm',
      alerts: [alert],
    };
    assert.equal(only(readAlertmanager(body)).url, 'http://grafana/d/1?viewPanel=2');
  });
});

function pagerduty(event_type: string, data: object = {}, resource_type = 'incident') {
  return {
    event: {
      id: '01CHF',
      event_type,
      resource_type,
      occurred_at: '2026-11-23T10:30:00Z',
      data: {
        id: 'Q1W2',
        type: 'incident',
        number: 7,
        html_url: 'https://acme.pagerduty.com/incidents/Q1W2',
        title: 'Payments fail',
        status: 'triggered',
        created_at: '2026-11-23T10:20:00Z',
        service: { id: 'PABC123', summary: 'Checkout API', type: 'service_reference' },
        priority: { id: 'P1', summary: 'P1' },
        urgency: 'high',
        ...data,
      },
    },
  };
}

describe('readPagerduty(body)', () => {
  it('reads an incident that was triggered', () => {
    const told = only(readPagerduty(pagerduty('incident.triggered')));
    assert.equal(told.externalId, 'Q1W2');
    assert.equal(told.status, 'open');
    assert.equal(told.openedAt, time('2026-11-23T10:20:00Z'));
    assert.equal(told.at, time('2026-11-23T10:30:00Z'));
    assert.equal(told.severity, 'P1');
    assert.deepEqual(told.names, ['Checkout API', 'PABC123']);
  });

  it('reads acknowledgements, ends and reopenings by the incident’s own state', () => {
    const read = (type: string, data: object) => only(readPagerduty(pagerduty(type, data)));
    const seen = read('incident.acknowledged', { status: 'acknowledged' });
    assert.equal(seen.status, 'acknowledged');
    assert.equal(seen.acknowledgedAt, seen.at);
    const over = read('incident.resolved', { status: 'resolved' });
    assert.equal(over.status, 'resolved');
    assert.equal(over.resolvedAt, over.at);
    assert.equal(read('incident.reopened', {}).status, 'open');
    assert.equal(read('incident.priority_updated', { status: 'acknowledged' }).status, 'acknowledged');
  });

  it('takes no later event for the end of an incident that was resolved before', () => {
    const later = only(readPagerduty(pagerduty('incident.priority_updated', { status: 'resolved' })));
    assert.equal(later.status, 'resolved');
    assert.equal(later.resolvedAt, null);
  });

  it('takes an incident that was merged into another for none of its own', () => {
    const merged = {
      status: 'resolved',
      resolve_reason: { type: 'merge_resolve_reason', incident: { id: 'Q9' } },
    };
    assert.equal(only(readPagerduty(pagerduty('incident.resolved', merged))).status, 'dismissed');
  });

  it('hears nothing in events of services, notes and pings', () => {
    assert.deepEqual(readPagerduty(pagerduty('service.updated', {}, 'service')), []);
    assert.deepEqual(readPagerduty(pagerduty('incident.annotated')), []);
    // As their documentation has it: no id, or that of something else.
    const responder = { incident: { id: 'Q1W2', type: 'incident_reference' }, state: 'pending' };
    const others = [
      ['incident.responder.added', { ...responder, id: undefined, type: 'incident_responder' }],
      ['incident.conference_bridge.updated', { id: undefined, type: 'incident_conference_bridge' }],
      ['incident.workflow.started', { id: 'P3SNKQS', type: 'incident_workflow_instance' }],
    ] as const;
    for (const [type, data] of others) assert.deepEqual(readPagerduty(pagerduty(type, data)), []);
    assert.deepEqual(
      readPagerduty({ event: { event_type: 'pagey.ping', resource_type: 'pagey', data: {} } }),
      [],
    );
  });

  it('names the path of what it cannot read', () => {
    refuses(readPagerduty, {}, /event: is missing/);
    refuses(readPagerduty, { event: { event_type: 'incident.triggered', data: {} } }, /id: is missing/);
  });
});

function opsgenie(action: string, alert: object = {}) {
  return {
    action,
    integrationId: 'i',
    alert: {
      alertId: 'a-1',
      tinyId: '7',
      alias: 'checkout-down',
      message: 'Checkout is down',
      tags: ['service:checkout', 'OverwriteQuietHours'],
      details: { env: 'production' },
      priority: 'P2',
      entity: 'checkout-api',
      createdAt: 1_795_429_200_000,
      updatedAt: 1_795_429_800_000_000_000,
      ...alert,
    },
  };
}

describe('readOpsgenie(body)', () => {
  it('reads an alert with its tags and details as labels', () => {
    const told = only(readOpsgenie(opsgenie('Create')));
    assert.equal(told.externalId, 'a-1');
    assert.equal(told.at, 1_795_429_200_000);
    assert.deepEqual(told.labels, { service: 'checkout', env: 'production' });
    assert.deepEqual(told.names, ['checkout-api']);
  });

  it('reads nanoseconds where the source counts them', () => {
    const over = only(readOpsgenie(opsgenie('Close')));
    assert.equal(over.status, 'resolved');
    assert.equal(over.resolvedAt, 1_795_429_800_000);
    assert.equal(only(readOpsgenie(opsgenie('Acknowledge'))).acknowledgedAt, 1_795_429_800_000);
  });

  it('reads a deletion as no incident, and hears nothing in notes', () => {
    assert.equal(only(readOpsgenie(opsgenie('Delete'))).status, 'dismissed');
    assert.equal(only(readOpsgenie(opsgenie('UnAcknowledge'))).status, 'open');
    assert.deepEqual(readOpsgenie(opsgenie('AddNote')), []);
    assert.deepEqual(readOpsgenie(opsgenie('toString')), []);
  });
});

const datadog = {
  id: 123,
  cycleKey: '456',
  transition: 'Triggered',
  title: '[Triggered] Errors',
  priority: 'P1',
  scope: 'env:production,service:checkout',
  tags: 'team:pay,monitor',
  link: 'https://app.datadoghq.com/event/1',
  date: 1_795_429_200,
};

describe('readDatadog(body)', () => {
  it('joins a trigger with its recovery by the key of the cycle', () => {
    const open = only(readDatadog(datadog));
    const over = only(readDatadog({ ...datadog, transition: 'Recovered', date: 1_795_429_800_000 }));
    assert.equal(open.externalId, '456');
    assert.equal(over.externalId, '456');
    assert.equal(open.openedAt, 1_795_429_200_000);
    assert.equal(over.resolvedAt, 1_795_429_800_000);
    assert.deepEqual(open.labels, { env: 'production', service: 'checkout', team: 'pay' });
  });

  it('takes a reminder for the same incident that goes on', () => {
    const again = only(readDatadog({ ...datadog, transition: 'Re-Triggered' }));
    assert.equal(again.status, 'open');
    assert.equal(again.openedAt, null);
  });

  it('does not take the recovery of a warning for an incident that began', () => {
    assert.equal(only(readDatadog({ ...datadog, transition: 'Recovered' })).withoutBeginning, true);
    assert.equal(only(readDatadog(datadog)).withoutBeginning, undefined);
    assert.equal(only(readDatadog({ ...datadog, transition: 'Re-Triggered' })).withoutBeginning, undefined);
  });

  it('hears no incident in a warning or in missing data', () => {
    for (const transition of ['Warn', 'No Data', 'Re-No Data', 'Renotify'])
      assert.deepEqual(readDatadog({ ...datadog, transition }), []);
  });
});

function jira(webhookEvent: string, fields: object = {}) {
  return {
    timestamp: 1_795_429_800_123,
    webhookEvent,
    issue: {
      id: '10002',
      key: 'OPS-7',
      self: 'https://acme.atlassian.net/rest/api/2/issue/10002',
      fields: {
        summary: 'Payments fail',
        issuetype: { name: '[System] Incident' },
        priority: { name: 'Highest' },
        status: { name: 'Open', statusCategory: { key: 'new' } },
        created: '2026-11-23T11:20:00.000+0100',
        labels: ['service:checkout', 'p1'],
        components: [{ name: 'Checkout' }],
        project: { key: 'OPS' },
        ...fields,
      },
    },
  };
}

describe('readJira(body)', () => {
  it('reads an issue that is an incident', () => {
    const told = only(readJira(jira('jira:issue_created')));
    assert.equal(told.externalId, 'OPS-7');
    assert.equal(told.openedAt, time('2026-11-23T10:20:00Z'));
    assert.equal(told.url, 'https://acme.atlassian.net/browse/OPS-7');
    assert.deepEqual(told.names, ['Checkout', 'service:checkout', 'p1', 'OPS']);
    assert.equal(told.labels['service'], 'checkout');
  });

  it('leads to the issue also where Jira lies below a path', () => {
    const { issue, ...event } = jira('jira:issue_created');
    const self = 'https://corp.example/jira/rest/api/2/issue/10002';
    const { url } = only(readJira({ ...event, issue: { ...issue, self } }));
    assert.equal(url, 'https://corp.example/jira/browse/OPS-7');
  });

  it('tells by the category of the status whether it still hurts', () => {
    const read = (fields: object, event = 'jira:issue_updated') => only(readJira(jira(event, fields)));
    const inCategory = (key: string) => ({ status: { statusCategory: { key } } });
    assert.equal(read(inCategory('indeterminate')).status, 'acknowledged');
    const over = read({ ...inCategory('done'), resolutiondate: '2026-11-23T12:00:00.000+0100' });
    assert.equal(over.status, 'resolved');
    assert.equal(over.resolvedAt, time('2026-11-23T11:00:00Z'));
    assert.equal(read({ ...inCategory('done'), resolution: { name: 'Duplicate' } }).status, 'dismissed');
    assert.equal(read({}, 'jira:issue_deleted').status, 'dismissed');
  });

  it('hears nothing in other issues and other events', () => {
    assert.deepEqual(readJira(jira('jira:issue_created', { issuetype: { name: 'Bug' } })), []);
    assert.deepEqual(readJira(jira('comment_created')), []);
  });
});

const servicenow = {
  table: 'incident',
  sys_id: '9c573169c611228700193229fff72400',
  number: 'INC0010023',
  state: '1',
  short_description: 'Payments fail',
  priority: '1',
  business_service: 'Checkout',
  cmdb_ci: 'checkout-prod',
  opened_at: '2026-11-23 10:20:00',
};

describe('readServicenow(body)', () => {
  it('reads an incident, by the number of its state or its name', () => {
    const told = only(readServicenow(servicenow));
    assert.equal(told.status, 'open');
    assert.equal(told.openedAt, time('2026-11-23T10:20:00Z'));
    assert.deepEqual(told.names, ['Checkout', 'checkout-prod']);
    assert.equal(only(readServicenow({ ...servicenow, state: 'In Progress' })).status, 'acknowledged');
    assert.equal(only(readServicenow({ ...servicenow, state: 8 })).status, 'dismissed');
  });

  it('reads its end from its resolution, else from its closing', () => {
    const over = only(readServicenow({ ...servicenow, state: 6, resolved_at: '2026-11-23 11:00:00' }));
    assert.equal(over.resolvedAt, time('2026-11-23T11:00:00Z'));
    const closed = only(readServicenow({ ...servicenow, state: 7, closed_at: '2026-11-24 11:00:00' }));
    assert.equal(closed.resolvedAt, time('2026-11-24T11:00:00Z'));
  });

  it('hears nothing in other tables and unknown states', () => {
    assert.deepEqual(readServicenow({ ...servicenow, table: 'change_request' }), []);
    assert.deepEqual(readServicenow({ ...servicenow, state: '-5' }), []);
  });
});

describe('readGeneric(body)', () => {
  it('reads one incident or several', () => {
    const one = { externalId: 7, service: 'checkout', environment: 'staging', commit: '9f1c2d3' };
    const told = only(readGeneric(one));
    assert.equal(told.externalId, '7');
    assert.deepEqual(told.names, ['checkout']);
    assert.deepEqual(told.labels, { environment: 'staging' });
    assert.equal(told.link?.commit, '9f1c2d3');
    assert.equal(readGeneric([one, { ...one, externalId: 8 }]).length, 2);
  });

  it('reads the change that an incident names, by what its source calls it or by what it is', () => {
    const read = (change: object) => only(readGeneric({ externalId: 'a', change })).link;
    const named = read({ source: 'github', externalId: '7/1', version: 'v1' });
    assert.deepEqual([named?.source, named?.externalId, named?.version], ['github', '7/1', 'v1']);
    assert.equal(read({ id: 'c1' })?.changeId, 'c1');
    assert.equal(read({}), null);
    refuses(readGeneric, { externalId: 'a', change: { source: 'github' } }, /change: has one of source/);
  });

  it('tells its state by its times where it does not say', () => {
    const read = (more: object) => only(readGeneric({ externalId: 'a', ...more })).status;
    assert.equal(read({}), 'open');
    assert.equal(read({ acknowledgedAt: '2026-11-23T10:20:00Z' }), 'acknowledged');
    assert.equal(read({ resolvedAt: '2026-11-23T10:20:00Z' }), 'resolved');
    assert.equal(read({ resolvedAt: '2026-11-23T10:20:00Z', status: 'open' }), 'open');
  });

  it('refuses unknown keys and times that are none, naming them', () => {
    refuses(readGeneric, { externalId: 'a', colour: 'red' }, /unknown key "colour"; allowed are externalId/);
    refuses(readGeneric, { externalId: 'a', openedAt: 'soon' }, /^openedAt: allowed are RFC 3339/);
    const several = [{ externalId: 'a' }, { externalId: 'b', openedAt: 'soon' }];
    refuses(readGeneric, several, /\[1\]\.openedAt: allowed are RFC 3339/);
  });
});
