import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Templates } from '../../../../src/analysis/kayenta/queries/query.ts';
import { translateQuery } from '../../../../src/analysis/kayenta/queries/translate.ts';
import { hasCode } from '../../../../src/errors.ts';
import { Reader } from '../../../../src/judge/kayenta/reader.ts';
import { checkPromql, escapePromql } from '../../../../src/metrics/prometheus/promql.ts';
import { parseTemplate, renderTemplate } from '../../../../src/metrics/template.ts';

/** Kayenta's variables, which look like those of a template string: `$<x>`. */
function bind(text: string): string {
  return text.replace(/\$<([^>]*)>/g, '$\u007b$1\u007d');
}

function translate(query: unknown, templates: Templates = {}) {
  const reader = new Reader();
  return reader.finish(translateQuery(reader, { path: 'query', value: query }, templates));
}

const plain = { type: 'prometheus', metricName: 'errors', resourceType: 'gce_instance' };

describe('a Prometheus query of a canary config', () => {
  it('averages the metric over what the bindings and the resource select', () => {
    const { query } = translate({ ...plain, labelBindings: ['code="500"'] });

    assert.equal(
      query,
      'avg(errors{code="500",instance=~"{{scope.scope}}-.{4}",zone=~".+/zones/{{scope.location}}-.{1}"})',
    );
  });

  it('puts a filter of its own before the bindings, in place before named', () => {
    const filters = { byHash: bind('hash="$<hash>"') };
    const named = {
      type: 'prometheus',
      metricName: 'errors',
      customFilterTemplate: 'byHash',
      labelBindings: ['a="b"'],
    };

    assert.equal(translate(named, filters).query, 'avg(errors{hash="{{scope.hash}}",a="b"})');
    assert.equal(
      translate({ ...named, customInlineTemplate: bind('pod="$<pod>"') }, filters).query,
      'avg(errors{pod="{{scope.pod}}",a="b"})',
    );
  });

  it('groups, and says by what', () => {
    const { query, groups } = translate({ ...plain, groupByFields: ['pod', 'zone'] });

    assert.match(query, /\) by \(pod,zone\)$/);
    assert.deepEqual(groups, ['pod', 'zone']);
  });

  it('takes PromQL as it stands', () => {
    const { query } = translate({
      type: 'prometheus',
      customInlineTemplate: bind('PromQL: sum(rate(errors{app="$<scope>",zone="$<location>"}[$<step>]))'),
    });

    assert.equal(query, 'sum(rate(errors{app="{{scope.scope}}",zone="{{scope.location}}"}[{{step}}]))');
  });

  it('reads variables as orca escapes them', () => {
    const { query } = translate({ ...plain, customInlineTemplate: 'app="$\\{scope}"' });

    assert.equal(query, 'avg(errors{app="{{scope.scope}}"})');
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'no selection at all',
      { type: 'prometheus', metricName: 'up' },
      /query\.resourceType: is missing; needed is one of gce_instance, aws_ec2_instance, or a customInlineTemplate/,
    ],
    ['another resource', { ...plain, resourceType: 'k8s_pod' }, /query\.resourceType: found "k8s_pod"/],
    ['no metric', { type: 'prometheus', resourceType: 'gce_instance' }, /query\.metricName: is missing/],
    [
      'a template that is not there',
      { ...plain, customFilterTemplate: 'x' },
      /query\.customFilterTemplate: found "x"; the templates of the config are none/,
    ],
    ['the old filter', { ...plain, customFilter: 'a=b' }, /query\.customFilter: is no longer read/],
    [
      'an unknown key',
      { ...plain, labelBinding: [] },
      /query\.labelBinding: is no known key; allowed are type/,
    ],
    [
      'a group that is no label',
      { ...plain, groupByFields: ['pod)'] },
      /query\.groupByFields: found "pod\)"/,
    ],
    [
      'a default in a variable',
      { ...plain, customInlineTemplate: bind('a="$<x:-y>"') },
      /customInlineTemplate: found \$\{x:-y\}/,
    ],
    ['our own braces', { ...plain, customInlineTemplate: 'a="{{x}}"' }, /customInlineTemplate: found "\{\{"/],
    [
      'another store',
      { type: 'datadog', metricName: 'x' },
      /query\.type: found "datadog"; queries of these stores are translated so far: prometheus, synthetic/,
    ],
    ['no store', {}, /query\.type: is missing/],
    ['a name of Object', { type: 'constructor' }, /query\.type: found "constructor"/],
  ];
  for (const [what, query, issue] of refused)
    it(`refuses ${what}`, () => {
      assert.throws(() => translate(query), issue);
    });

  it('gives PromQL that the provider takes, and that no value of a variable can leave', () => {
    const { query } = translate({
      ...plain,
      customInlineTemplate: bind('app="$<scope>",pod=~"$<scope>-.*"'),
    });
    checkPromql(query, ['scope.scope']);

    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (scope) => {
        try {
          const rendered = renderTemplate(parseTemplate(query), { 'scope.scope': scope }, escapePromql);
          checkPromql(rendered.replaceAll('{{', '{ {'), []);
        } catch (error) {
          assert.ok(hasCode(error, 'invalid_input'));
          assert.match(error.message, /Unicode/);
        }
      }),
    );
  });
});

describe('a synthetic query of a canary config', () => {
  it('is the name of a signal', () => {
    assert.deepEqual(translate({ serviceType: 'synthetic', metricName: 'latency_p99' }), {
      type: 'synthetic',
      query: 'latency_p99',
      groups: [],
    });
  });
});
