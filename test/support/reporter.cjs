'use strict';
// mocha's own summary is not read everywhere: end with one line that counts what ran.
const { reporters, Runner } = require('mocha');

module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      // After mocha's epilogue, which listens to the same event.
      setImmediate(() =>
        process.stdout.write(
          `\n${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
        ),
      );
    });
  }
};
