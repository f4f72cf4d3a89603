import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Announcement } from '../../schemas/announcement';

export interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
  announcement: Announcement;
}

/** Answers 204 unless told otherwise: by status, or by whoever answers for it, perhaps never. */
export type Behaviour = (delivery: Delivery, response: ServerResponse) => number | undefined;

/** A subscriber's server, which remembers what reached it. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  behaviour: Behaviour = () => 204;
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** On a port that was free, or on the one of a receiver that was closed. */
  static async listen(port = 0): Promise<Receiver> {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const receiver = new Receiver(server, (server.address() as AddressInfo).port);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const delivery = { headers: request.headers, body, announcement: JSON.parse(body) as Announcement };
        receiver.deliveries.push(delivery);
        const status = receiver.behaviour(delivery, response);
        if (status !== undefined) response.writeHead(status).end();
      });
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/primary`;
  }

  get epochs(): number[] {
    return this.deliveries.map(({ announcement }) => announcement.epoch);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
