import { duration, count, plural } from '../../cli/output/text';
import type { Claims } from './claims';
import type { Story } from './story';
import { axis, histogram, windowFor, sparkline } from './timeline';
import { acknowledgements, ratePerSecond, type Written } from './writer';

/** On a machine that is not overloaded the usual write takes a few milliseconds. */
const busyMs = 100;

/** What clients noticed: the picture of their writes, the gap, the errors, and what the new primary holds of what they were promised. */
export function tellInterruption(
  story: Story,
  claims: Claims,
  written: Written,
  moment: { at: number; name: string },
  newPrimary: string,
): void {
  const { report, records, verification, clean } = written;
  const window = windowFor(report.gap.ms);
  const { bucketMs } = window;
  story.line();
  story.plain(`Writes acknowledged per ${bucketMs} ms (${ratePerSecond} arrive per second; a dot is ${bucketMs} ms without any):`);
  story.line();
  story.line(`   ${story.paint.cyan(sparkline(histogram(acknowledgements(records), moment.at, window)))}`);
  story.line(`   ${story.paint.dim(axis(moment.name, window))}`);
  story.line();
  story.figure('interruption', `${story.paint.bold(duration(report.gap.ms))} between two acknowledged writes`);
  story.figure('longest write', `${duration(report.longestWithRetryMs)}, its retry included; ${duration(report.medianWriteMs)} is usual`);
  story.figure('errors', errorText(written));
  if (report.medianWriteMs > busyMs)
    story.figure('', story.paint.yellow('this machine is very busy with other things: these figures say little of a quiet one'));
  const lost = verification.lost.length;
  story.figure(
    'lost writes',
    `${story.paint.bold(count(lost))} of ${count(verification.acknowledged)} acknowledged ones, read back on ${newPrimary}`,
    claims.check(`no acknowledged write is lost (${lost} are)`, lost === 0),
  );
  const wrong = verification.executedThoughFailed.length + verification.duplicates.length;
  if (!clean && lost === 0)
    story.figure(
      'executed twice',
      `${plural(wrong, 'write')} although refused, or twice`,
      claims.check('no write is executed twice', false),
    );
}

function errorText({ report }: Written): string {
  if (report.rawErrorCount === 0) return 'none';
  const kinds = Object.entries(report.rawErrors).map(([error, times]) => `${times} × ${error}`);
  const after = report.errorsAfterRetry ? `${report.errorsAfterRetry} failed again when retried` : 'each retried once, all with success';
  return `${kinds.join(', ')}; ${after}`;
}
