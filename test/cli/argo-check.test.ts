import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { checkAnalysisTemplate, type PlanTimes } from '../../src/cli/argo-check.ts';
import { type Measurement, type MetricSpec, runMetric } from '../support/argo-assessor.ts';

type Member = Record<string, unknown>;

const plans: readonly PlanTimes[] = [{ name: 'http-service', maxDuration: 600_000, delay: 30_000 }];

const good = `
kind: AnalysisTemplate
metadata: { name: canary }
spec:
  args: [{ name: service }, { name: canary-hash }, { name: stable-hash }]
  metrics:
    - name: verdict
      interval: 30s
      count: 26
      inconclusiveLimit: 25
      consecutiveSuccessLimit: 1
      failureLimit: 0
      consecutiveErrorLimit: 29
      successCondition: result.verdict == "pass"
      failureCondition: result.verdict == "fail"
      provider:
        web:
          method: POST
          url: http://serin:8080/v1/hooks/argo-rollouts/analysis?onBadInput=inconclusive
          timeoutSeconds: 10
          jsonBody:
            service: "{{args.service}}"
            environment: production
            template: http-service
            canary: { hash: "{{args.canary-hash}}" }
            baseline: { hash: "{{args.stable-hash}}" }
`;

/** The problems of the good template after `change` was at its metric, its web provider and its body. */
function problemsAfter(change: (metric: Member, web: Member, body: Member) => void, given = plans): string[] {
  const template = parse(good);
  const [metric] = template.spec.metrics;
  const { web } = metric.provider;
  change(metric, web, web.jsonBody);
  return checkAnalysisTemplate(stringify(template), given);
}

/** Exactly one problem, and it matches. */
function tells(problems: readonly string[], pattern: RegExp): void {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] ?? '', pattern);
}

describe('checkAnalysisTemplate(yaml, plans)', () => {
  it('finds nothing wrong with a template that polls as it should', () => {
    assert.deepEqual(checkAnalysisTemplate(good, plans), []);
  });

  it('names the template and the metric in each problem', () => {
    tells(
      problemsAfter((_metric, web) => {
        web['method'] = 'GET';
      }),
      /^canary, metric verdict: provider\.web\.method: found GET; it must be POST$/,
    );
  });

  it('wants both conditions', () => {
    tells(
      problemsAfter((metric) => {
        delete metric['successCondition'];
      }),
      /successCondition: is missing/,
    );
    tells(
      problemsAfter((metric) => {
        delete metric['failureCondition'];
      }),
      /failureCondition: is missing/,
    );
  });

  for (const condition of [
    'result.verdict != "fail"',
    'true',
    'result.verdict == "pass" || result.verdict == "running"',
    'result.verdict in ["pass"]',
  ]) {
    it(`refuses the success condition ${condition}`, () => {
      tells(
        problemsAfter((metric) => {
          metric['successCondition'] = condition;
        }),
        /successCondition: found/,
      );
    });
  }

  for (const condition of ['result.verdict != "pass"', 'result.verdict == "fail" && result.score < 10']) {
    it(`refuses the failure condition ${condition}`, () => {
      tells(
        problemsAfter((metric) => {
          metric['failureCondition'] = condition;
        }),
        /failureCondition: found/,
      );
    });
  }

  it('takes conditions in other spacing and quotes, and a success that is narrower', () => {
    assert.deepEqual(
      problemsAfter((metric) => {
        metric['successCondition'] = "result.verdict=='pass' && result.score >= 90";
        metric['failureCondition'] = "result.verdict=='fail' || result.score < 5";
      }),
      [],
    );
  });

  it('wants conditions on the value that jsonPath selects', () => {
    assert.deepEqual(
      problemsAfter((metric, web) => {
        web['jsonPath'] = '{$.verdict}';
        metric['successCondition'] = 'result == "pass"';
        metric['failureCondition'] = 'result == "fail"';
      }),
      [],
    );
    tells(
      problemsAfter((_metric, web) => {
        web['jsonPath'] = '$.verdict';
      }),
      /jsonPath: found \$\.verdict/,
    );
  });

  it('wants polls that outlast the plan: (10m + 30s) / 30s + 5 = 26', () => {
    tells(
      problemsAfter((metric) => {
        Object.assign(metric, { count: 25, inconclusiveLimit: 24 });
      }),
      /count: found 25; template http-service may take 630s, so 26 polls of 30s are needed: count 26, inconclusiveLimit 25/,
    );
  });

  it('counts an inconclusiveLimit that ends the polls early', () => {
    tells(
      problemsAfter((metric) => {
        metric['inconclusiveLimit'] = 10;
      }),
      /inconclusiveLimit: found 10, which ends the metric after 11 polls/,
    );
  });

  it('counts a longer duration in the body', () => {
    tells(
      problemsAfter((_metric, _web, body) => {
        body['duration'] = '20m';
      }),
      /so 46 polls of 30s are needed/,
    );
  });

  it('refuses a duration that only the rollout knows, for nothing can be proven of it', () => {
    const problems = problemsAfter((_metric, _web, body) => {
      body['duration'] = '{{args.service}}';
    });

    tells(problems, /jsonBody\.duration: comes with the rollout/);
  });

  it('takes a value that an argument has by itself', () => {
    const text = good
      .replace('args: [', 'args: [{ name: plan, value: absent }, ')
      .replace('template: http-service', 'template: "{{args.plan}}"');

    tells(
      checkAnalysisTemplate(text, plans),
      /jsonBody\.template: found absent; configured are http-service/,
    );
  });

  it('compares with every plan when the body names none', () => {
    const longer = [...plans, { name: 'slow', maxDuration: 3_600_000, delay: 0 }];

    tells(
      problemsAfter((_metric, _web, body) => {
        delete body['template'];
      }, longer),
      /template slow may take 1h, so 125 polls/,
    );
  });

  it('says so when there is no plan to compare with', () => {
    tells(
      problemsAfter((_metric, _web, body) => {
        delete body['template'];
      }, []),
      /no template is configured/,
    );
    tells(
      problemsAfter((_metric, _web, body) => {
        delete body['template'];
        body['plan'] = { duration: '5m' };
      }),
      /jsonBody\.plan: its times are not compared/,
    );
  });

  it('wants a pass, and a fail, to end the metric at once', () => {
    tells(
      problemsAfter((metric) => {
        delete metric['consecutiveSuccessLimit'];
      }),
      /consecutiveSuccessLimit: it must be 1/,
    );
    tells(
      problemsAfter((metric) => {
        metric['failureLimit'] = -1;
      }),
      /failureLimit: it must be 0/,
    );
  });

  it('wants an outage of five minutes not to abort a rollout', () => {
    tells(
      problemsAfter((metric) => {
        delete metric['consecutiveErrorLimit'];
      }),
      /consecutiveErrorLimit: found 4; 29 or more/,
    );
  });

  it('wants calls that end before the next one is due, and before the answer is given up', () => {
    tells(
      problemsAfter((_metric, web) => {
        web['timeoutSeconds'] = 31;
      }),
      /timeoutSeconds: found 31s; it must not be longer than the interval, 30s/,
    );
    tells(
      problemsAfter((_metric, _web, body) => {
        body['wait'] = '10s';
      }),
      /jsonBody\.wait: found 10s; it must be shorter than timeoutSeconds, 10s/,
    );
  });

  it('wants the reason of bad input to be seen', () => {
    tells(
      problemsAfter((_metric, web) => {
        web['url'] = 'http://serin/v1/hooks/argo-rollouts/analysis';
      }),
      /add \?onBadInput=inconclusive/,
    );
  });

  it('wants the body to say what is judged', () => {
    tells(
      problemsAfter((_metric, _web, body) => {
        delete body['environment'];
      }),
      /jsonBody\.environment: is missing/,
    );
    assert.ok(
      problemsAfter((_metric, web) => {
        delete web['jsonBody'];
      }).some((problem) => /jsonBody: is missing/.test(problem)),
    );
  });

  it('finds arguments that are used and not declared', () => {
    tells(
      problemsAfter((_metric, _web, body) => {
        body['target'] = '{{ args.cluster }}';
      }),
      /\{\{args\.cluster\}\}: is not among spec\.args/,
    );
  });

  it('reads numbers written as strings and durations of several units, as Argo does', () => {
    assert.deepEqual(
      problemsAfter((metric) => {
        Object.assign(metric, { count: '26', interval: '0m30s' });
      }),
      [],
    );
  });

  it('wants an interval and a count', () => {
    assert.ok(
      problemsAfter((metric) => {
        delete metric['interval'];
      }).some((problem) => /interval: is missing/.test(problem)),
    );
    assert.ok(
      problemsAfter((metric) => {
        delete metric['count'];
      }).some((problem) => /count: is missing/.test(problem)),
    );
  });

  it('leaves metrics of other providers alone and says when none is its own', () => {
    const other =
      'kind: AnalysisTemplate\nspec: { metrics: [{ name: x, provider: { prometheus: { query: up } } }] }';

    tells(checkAnalysisTemplate(other, plans), /has no metric whose provider\.web\.url ends in/);
    assert.deepEqual(checkAnalysisTemplate(`${good}---${'\n'}${other}`, plans), []);
  });

  it('says when the file is no YAML, or holds no template', () => {
    tells(checkAnalysisTemplate('a: [', plans), /is no valid YAML/);
    tells(checkAnalysisTemplate('kind: Rollout', plans), /holds no AnalysisTemplate/);
    tells(checkAnalysisTemplate('', plans), /holds no AnalysisTemplate/);
  });

  /** Limits near the good ones, so that many are let pass. */
  const limits = fc
    .record({ count: fc.integer({ min: 24, max: 30 }), below: fc.integer({ min: -1, max: 3 }) })
    .chain(({ count, below }) =>
      fc.record({
        count: fc.constant(count),
        inconclusiveLimit: fc.constant(count - below),
        consecutiveSuccessLimit: fc.integer({ min: 0, max: 1 }),
        failureLimit: fc.integer({ min: -1, max: 1 }),
        consecutiveErrorLimit: fc.constant(29),
      }),
    );

  /** Argo Rollouts before 1.8 does not know the field. */
  const before18 = ({ consecutiveSuccessLimit: _unknown, ...spec }: MetricSpec): MetricSpec => spec;

  it('lets no limits pass under which polls without a verdict end other than Inconclusive, in old and new Argo', () => {
    const running: Measurement[] = new Array(200).fill('I');
    fc.assert(
      fc.property(limits, (spec) => {
        const problems = problemsAfter((metric) => {
          Object.assign(metric, spec);
        });
        if (problems.length > 0) return;
        for (const version of [spec, before18(spec)]) {
          const { phase, used } = runMetric({ interval: '30s', ...version }, running);
          assert.equal(phase, 'Inconclusive');
          assert.ok(used >= 26, `${used} polls do not outlast the plan`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets only limits pass under which the first verdict ends the metric as it should, outages or not', () => {
    const spec = {
      interval: '30s',
      count: 26,
      inconclusiveLimit: 25,
      consecutiveSuccessLimit: 1,
      failureLimit: 0,
      consecutiveErrorLimit: 29,
    };
    const outage: Measurement[] = new Array(29).fill('E');

    assert.deepEqual(runMetric(spec, ['I', ...outage, 'I', 'S', 'F']), { phase: 'Successful', used: 32 });
    assert.deepEqual(runMetric(spec, ['I', ...outage, 'I', 'F', 'S']), { phase: 'Failed', used: 32 });
  });
});
