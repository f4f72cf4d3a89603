import { setTimeout as sleep } from 'node:timers/promises';

import { proofText } from '../../cli/output/pivot';
import type { DrydockClient } from '../../client/contract';
import type { ProofReport } from '../../schemas/pivot';
import type { Claims } from './claims';
import type { Story } from './story';

const proofMs = 30_000;

/** The last pivot left a comparison of all members' data behind, which goes on in the background: its result ends the story. */
export async function tellEquality(client: DrydockClient, story: Story, claims: Claims, proof: string | undefined): Promise<void> {
  if (!proof) return;
  const late = sleep(proofMs, undefined, { ref: false });
  try {
    const report = await Promise.race([client.result<ProofReport>(proof), late]);
    if (report) story.figure('equal data', proofText(report, story.paint), claims.check('all members hold the same data', report.equal));
    else story.figure('equal data', `is still being compared: ${proof}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    story.figure('equal data', message, claims.check(`all members hold the same data (${message})`, false));
  }
}
