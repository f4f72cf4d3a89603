import { type ConnectionLimits, readLimit, routerLimits } from '../../schemas/connection-limits';
import type { RouterView } from '../../schemas/observation';
import type { Cluster, Router } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { readAdminCertificates } from './certificates';
import { proxyIds } from './configuration';
import { openAlone } from './exclusive';
import { parseFigures, type RouterFigures } from './figures';
import { readerChange, type Reader } from './readers';
import { AdminSession } from './session';
import { cutCommands } from './sessions';
import { parseEpoch, parseSlots, routerView } from './view';

export interface OpenRouterOptions {
  /** Bound of the connection and of each command. */
  timeoutMs: number;
  /**
   * Shuts down every other session on the admin port first and waits until HAProxy has forgotten them: a worker that was
   * stopped and wakes up can send nothing any more. The latest one to open wins.
   */
  exclusive?: boolean;
  /** The epoch that the caller believes in: StaleEpoch when the router was told a later one. */
  epoch?: number;
}

type Primary = Reader;

const hold = 'set maxconn frontend write 0';
const release = ({ write }: ConnectionLimits) => `set maxconn frontend write ${write}`;
const limitReads = (limits: ConnectionLimits, readers: number) => `set maxconn frontend read ${readLimit(limits, readers)}`;
const close = 'set server write/p state maint';
const setEpoch = (epoch: number) => `set var proc.epoch int(${epoch})`;
const point = (primary: Primary) => [`set server write/p addr ${primary.address} port ${primary.port}`, 'set server write/p state ready'];

/** Answers that are not an error. HAProxy has no status: a command that worked answers nothing, or what it changed. */
const accepted = /^(|(IP|port) changed .*|no need to change .*|nothing changed.*)$/s;

/** How many commands fit well into one line of HAProxy's 16 KiB buffer. */
const commandsPerLine = 100;

/** One router under the hands of one worker. All methods are idempotent; each throws RouterUnreachable when the session is gone. */
export class RouterAdmin {
  private constructor(
    private readonly session: AdminSession,
    private readonly cluster: Cluster,
    private known: number,
  ) {}

  /** Throws RouterUnreachable, SecretMissing, StaleEpoch. */
  static async open(
    env: Pick<ActivityEnvironment, 'secrets'>,
    cluster: Cluster,
    router: Router,
    options: OpenRouterOptions,
  ): Promise<RouterAdmin> {
    const { name } = cluster.definition;
    const certificates = await readAdminCertificates(env.secrets, name);
    const open = (mark?: number) => AdminSession.open(router, name, certificates, options.timeoutMs, mark);
    const session = options.exclusive ? await openAlone(open, options.timeoutMs) : await open();
    try {
      const [epoch] = await session.send('get var proc.epoch');
      const admin = new RouterAdmin(session, cluster, parseEpoch(epoch ?? ''));
      if (options.epoch !== undefined) admin.refuseStale(options.epoch);
      return admin;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  get router(): string {
    return this.session.router;
  }

  /** What the router was told last as far as this session knows; 0: nothing since it started. */
  get epoch(): number {
    return this.known;
  }

  /** Resolves with the reason when the session is gone: the router died, or another worker took over. */
  get closed(): Promise<string> {
    return this.session.closed;
  }

  /** New connections to the write port wait in the kernel, without an error. Those that are open go on. */
  hold(): Promise<void> {
    return this.tell(hold);
  }

  release(): Promise<void> {
    return this.tell(release(this.limits));
  }

  private get limits(): ConnectionLimits {
    return routerLimits(this.cluster.definition, this.cluster.routers.length);
  }

  /** Closes every connection to the primary, at once. Those that are still being made go on trying, see cutCommands. */
  cut(): Promise<void> {
    return this.cutServers('write', ['p']);
  }

  /** For a detected death: clients wait at the router from now on, and not at a dead address. */
  async holdAndCut(): Promise<void> {
    await this.hold();
    await this.cut();
  }

  /** New connections to the write port are closed at once. */
  close(): Promise<void> {
    return this.tell(close);
  }

  /** Leads new connections to this primary. Refused before the router was told an epoch. */
  async point(primary: Primary): Promise<void> {
    if (this.known === 0)
      throw failure('RouterUnreachable', `router ${this.router} was told no epoch since its start; it stays closed until then`);
    await this.tell(...point(primary));
  }

  /** Throws StaleEpoch when the router was told a later one. */
  async tellEpoch(epoch: number): Promise<void> {
    await this.checkEpoch(epoch);
    await this.tell(setEpoch(epoch));
    this.known = epoch;
  }

  /**
   * The end of a switch, all but the release: what is left of the old connections cut, epoch, new primary. Throws StaleEpoch when
   * the router was told a later epoch than `epoch`. Cut before the router is pointed, so that connections which are still being
   * made, and are led to the new primary when they try again, are not cut there.
   */
  async pointHeld(primary: Primary, epoch: number): Promise<void> {
    await this.checkEpoch(epoch);
    await this.holdAndCut();
    await this.tell(setEpoch(epoch), ...point(primary));
    this.known = epoch;
  }

  async pointAndRelease(primary: Primary, epoch: number): Promise<void> {
    await this.pointHeld(primary, epoch);
    await this.release();
  }

  /** Exactly these are read from; places that stay keep their connections, those of the others are cut. */
  async readers(wanted: Reader[]): Promise<void> {
    const [state] = await this.session.send('show servers state read');
    const slots = parseSlots(state ?? '');
    const { leave, leaving, join } = readerChange(slots, wanted);
    const limit = limitReads(this.limits, wanted.length);
    // Fewer take less: before they are fewer. More take more: when they are there.
    const fewer = wanted.length < slots.filter((slot) => slot.backend === 'read' && slot.ready).length;
    await this.tell(...(fewer ? [limit] : []), ...leave);
    if (leaving.length > 0) await this.cutServers('read', leaving);
    await this.tell(...join, limit);
  }

  async view(): Promise<RouterView> {
    const [epoch = '', write = '', read = '', frontend = '', readFrontend = ''] = await this.session.send(
      'get var proc.epoch',
      'show servers state write',
      'show servers state read',
      `show stat ${proxyIds.writePort} 1 -1`,
      `show stat ${proxyIds.readPort} 1 -1`,
    );
    const answers = { epoch, slots: `${write}\n${read}`, frontend, readFrontend };
    const view = routerView(this.router, answers, (address, port) => this.nameOf(address, port));
    this.known = view.epoch;
    return view;
  }

  /** For metrics. */
  async figures(): Promise<RouterFigures> {
    const [epoch = '', write = '', read = '', writePort = '', readPort = '', primary = '', readers = ''] = await this.session.send(
      'get var proc.epoch',
      'show servers state write',
      'show servers state read',
      `show stat ${proxyIds.writePort} 1 -1`,
      `show stat ${proxyIds.readPort} 1 -1`,
      // 4: servers alone.
      `show stat ${proxyIds.primary} 4 -1`,
      `show stat ${proxyIds.readers} 4 -1`,
    );
    const answers = { epoch, slots: `${write}\n${read}`, writePort, readPort, primary, readers };
    return parseFigures(answers, (address, port) => this.nameOf(address, port));
  }

  end(): void {
    this.session.end();
  }

  private nameOf(address: string, port: number): string {
    return this.cluster.members.find((member) => member.address === address && member.port === port)?.name ?? `${address}:${port}`;
  }

  private async cutServers(backend: string, servers: string[]): Promise<void> {
    const [sessions] = await this.session.send('show sess');
    const commands = cutCommands(sessions ?? '', backend, servers);
    // A session that ended by itself meanwhile is answered with an error, which is as good.
    for (let from = 0; from < commands.length; from += commandsPerLine)
      await this.session.send(...commands.slice(from, from + commandsPerLine));
  }

  private async checkEpoch(epoch: number): Promise<void> {
    const [answer] = await this.session.send('get var proc.epoch');
    this.known = parseEpoch(answer ?? '');
    this.refuseStale(epoch);
  }

  private refuseStale(epoch: number): void {
    if (this.known > epoch)
      throw failure('StaleEpoch', `router ${this.router} was told epoch ${this.known} already, this step believes in epoch ${epoch}`);
  }

  private async tell(...commands: string[]): Promise<void> {
    for (let from = 0; from < commands.length; from += commandsPerLine) {
      const line = commands.slice(from, from + commandsPerLine);
      const answers = await this.session.send(...line);
      const refused = line
        .map((command, index) => ({ command, answer: answers[index] ?? '' }))
        .filter(({ answer }) => !accepted.test(answer));
      if (refused.length)
        throw failure(
          'RouterUnreachable',
          `router ${this.router} refused: ${refused.map(({ command, answer }) => `${command}: ${answer.split('\n')[0]}`).join('; ')}`,
          [],
          false,
        );
    }
  }
}

/** Opens a persistent admin session to one router; see RouterAdmin. */
export const openRouter = RouterAdmin.open.bind(RouterAdmin);
