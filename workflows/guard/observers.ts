import { proxyActivities } from '@temporalio/workflow';

import type { GuardActivities } from '../../activities/contracts';
import type { Finding } from '../../schemas/guard';
import { observerQueue } from '../../schemas/names';
import type { Say, Watchers } from '../../schemas/sight';
import { meaningOf } from '../operation';
import { agree, answerWithinMs, askAgainAfterMs, othersOf, refusalOf, type Vote, weighed, wordsOf } from './agree';
import type { Watchman } from './watchman';

/** A word that is older when the loss is found is from another time. */
const freshMs = 2000;

const says: string[] = ['lost', 'sees', 'blind'] satisfies Say[];

interface Ask {
  epoch: number;
  at: number;
  answer?: { at: number; says: Say | 'silent'; detail: string };
}

/** The observers of the inventory, as the guard asks them: docs/sight.md. Without any the guard's own watch is enough. */
export class Observers {
  /** The last question to each. */
  private readonly asks = new Map<string, Ask>();
  /** When the loss that is being judged was found. */
  private question?: number;
  /** They did not agree; asked again when `notBefore` is over. */
  private refusal?: { finding: Finding; count: number; notBefore: number };

  constructor(private readonly keeper: Watchman) {}

  /** A first sign of a loss: whoever is asked now has an answer when the watch is sure. */
  doubted(watchers: Watchers): void {
    for (const observer of othersOf(watchers)) if (!this.isAsked(observer)) this.ask(observer);
  }

  /** May what follows from this loss be done? Asks whom it must; the guard is poked when an answer has come. */
  confirm(loss: Finding, watchers: Watchers | undefined): 'agreed' | 'waiting' | 'refused' {
    const others = watchers ? othersOf(watchers) : [];
    if (others.length === 0) return 'agreed';
    const now = Date.now();
    if (this.refusal && now < this.refusal.notBefore) return 'refused';
    const since = (this.question ??= now);
    const votes = others.map((observer) => this.vote(observer, since));
    const agreement = agree(votes, now - since);
    if (agreement.verdict === 'waiting') return 'waiting';
    this.question = undefined;
    if (agreement.verdict === 'refused') {
      const count = (this.refusal?.count ?? 0) + 1;
      this.refusal = { finding: refusalOf(loss, votes, agreement), count, notBefore: now + askAgainAfterMs(count) };
      return 'refused';
    }
    this.refusal = undefined;
    this.keeper.note(`${agreement.lost} of ${agreement.watchers} watchers agree on ${loss.diagnosis}: ${wordsOf(votes)}`);
    return 'agreed';
  }

  /** What is found, with their refusal in place of a loss. */
  weigh(findings: Finding[]): Finding[] {
    return weighed(findings, this.refusal?.finding);
  }

  /** Nothing would follow from their word now. */
  drop(): void {
    this.question = undefined;
  }

  /** The loss is over. */
  forget(): void {
    this.question = undefined;
    this.refusal = undefined;
  }

  /** Milliseconds until something is to be decided anew, though nobody has answered. */
  deadline(now: number): number | undefined {
    const at = this.question === undefined ? this.refusal?.notBefore : this.question + answerWithinMs;
    return at !== undefined && at > now ? at - now : undefined;
  }

  /** A loss was found, and waits for their word. */
  get judging(): boolean {
    return this.question !== undefined;
  }

  /** Nobody owes an answer. */
  get idle(): boolean {
    return [...this.asks.values()].every(({ answer }) => answer !== undefined);
  }

  private isAsked(observer: string): boolean {
    const ask = this.asks.get(observer);
    return ask !== undefined && ask.answer === undefined && ask.epoch === this.keeper.memory.state.epoch;
  }

  /**
   * A loss that it saw a moment before counts. Whatever else it said before the loss was found does not: the primary may have died since,
   * so it is asked once more.
   */
  private vote(observer: string, since: number): Vote {
    if (this.isAsked(observer)) return { observer, says: 'waiting' };
    const ask = this.asks.get(observer);
    const answer = ask?.epoch === this.keeper.memory.state.epoch ? ask.answer : undefined;
    if (ask && answer && (ask.at >= since || (answer.says === 'lost' && answer.at >= since - freshMs)))
      return { observer, says: answer.says, detail: answer.detail };
    this.ask(observer);
    return { observer, says: 'waiting' };
  }

  private ask(observer: string): void {
    const ask: Ask = { epoch: this.keeper.memory.state.epoch, at: Date.now() };
    this.asks.set(observer, ask);
    void this.answerOf(observer).then((answer) => {
      ask.answer = { at: Date.now(), ...answer };
      this.keeper.poke();
    });
  }

  /** Never rejects: one that can not be asked is one that does not answer. */
  private async answerOf(observer: string): Promise<{ says: Say | 'silent'; detail: string }> {
    const { state } = this.keeper.memory;
    try {
      const report = await handsOf(observer).observePrimary.executeWithOptions(
        { summary: `ask ${observer} whether it sees ${state.primary}` },
        [state],
      );
      if (says.includes(report.says)) return { says: report.says, detail: report.detail };
      return { says: 'silent', detail: 'it answers in words that are not known' };
    } catch (error) {
      return { says: 'silent', detail: meaningOf(error).message };
    }
  }
}

/** Never tried again: the next question asks for what is to be seen then. */
const handsOf = (observer: string) =>
  proxyActivities<Pick<GuardActivities, 'observePrimary'>>({
    taskQueue: observerQueue(observer),
    scheduleToCloseTimeout: answerWithinMs,
    startToCloseTimeout: answerWithinMs,
    retry: { maximumAttempts: 1 },
  });
