import { parseFigures } from '../../../activities/router/figures';
import { metricsText, type RouterReading } from '../../../workers/topology/metrics';
import { state } from '../pivot/builders';

// Answers of HAProxy 3.0.11, cut where they are wide.
const header = '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,';
const answers = {
  epoch: 'proc.epoch: type=sint value=<5>',
  slots: `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port
103 write 1 p 10.213.0.10 2 4 3306
104 read 1 r1 10.213.0.11 2 4 3306
104 read 2 r2 10.213.0.12 0 5 3306
104 read 3 r3 0.0.0.0 0 5 3306`,
  writePort: `${header}\nwrite,FRONTEND,,,65,65,65,1200,1,1,0,0,0,,\n`,
  readPort: `${header}\nread,FRONTEND,,,3,9,64,77,1,1,0,0,0,,\n`,
  primary: `${header}\nwrite,p,0,0,65,65,,1190,1,1,,0,,2,\n`,
  readers: `${header}\nread,r1,0,0,3,9,,70,1,1,,0,,0,\nread,r2,0,0,0,4,,7,1,1,,0,,0,\nread,r3,0,0,0,0,,0,0,0,,0,,0,\n`,
};
const nameOf = (address: string): string => `db-${Number(address.split('.')[3]) - 9}`;

test('sessions of each port and of each member that takes clients', () => {
  expect(parseFigures(answers, nameOf)).toEqual({
    epoch: 5,
    write: { sessions: 65, limit: 65, connections: 1200 },
    read: { sessions: 3, limit: 64, connections: 77 },
    servers: [
      { port: 'write', member: 'db-1', sessions: 65, connections: 1190, failed: 2 },
      { port: 'read', member: 'db-2', sessions: 3, connections: 70, failed: 0 },
    ],
  });
});

test('as Prometheus reads them; of a router that does not answer only that', () => {
  const readings: RouterReading[] = [
    { cluster: 'db', router: 'db-router-1', figures: parseFigures(answers, nameOf) },
    { cluster: 'db', router: 'db-router-2' },
  ];
  const lines = metricsText([state()], readings).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'drydock_cluster_epoch{cluster="db"} 4',
      'drydock_router_up{cluster="db",router="db-router-1"} 1',
      'drydock_router_up{cluster="db",router="db-router-2"} 0',
      'drydock_router_epoch{cluster="db",router="db-router-1"} 5',
      'drydock_router_sessions{cluster="db",router="db-router-1",port="write"} 65',
      'drydock_router_session_limit{cluster="db",router="db-router-1",port="read"} 64',
      'drydock_router_member_sessions{cluster="db",router="db-router-1",port="read",member="db-2"} 3',
      'drydock_router_member_failed_connections_total{cluster="db",router="db-router-1",port="write",member="db-1"} 2',
    ]),
  );
  expect(lines.filter((line) => line.includes('db-router-2'))).toHaveLength(1);
  for (const line of lines.filter(Boolean)) expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="[^"]*",?)+\} \d+)$/);
  expect(metricsText([], [])).toBe('\n');
});
