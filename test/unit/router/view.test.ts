import { parseAdminSessions, parseEpoch, parseFrontend, parseSlots, routerView } from '../../../activities/router/view';

// Answers of HAProxy 3.0.11, cut where they are wide.
const slots = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 write 1 p 10.9.9.9 2 4 1 1 0 1 0 0 8 0 0 0 - 3306 - 0 0 - - 0
5 read 1 r1 10.9.9.8 2 4 1 1 3 1 0 0 8 0 0 0 - 3306 - 0 0 - - 0
5 read 2 r2 10.9.9.7 0 5 1 1 3 1 0 0 8 0 0 0 - 3306 - 0 0 - - 0
6 admin 1 cli - 2 0 1 1 3 1 0 2 0 0 0 0 - 0 - 0 0 - - 0`;
const epoch = 'proc.epoch: type=sint value=<5>';
const stat = (limit: number) => `# pxname,svname,qcur,qmax,scur,smax,slim,stot,\nwrite,FRONTEND,,,3,9,${limit},12,`;

test('servers are ready unless they are in maintenance', () => {
  expect(parseSlots(slots).map(({ slot, address, port, ready }) => `${slot} ${address}:${port} ${ready}`)).toEqual([
    'p 10.9.9.9:3306 true',
    'r1 10.9.9.8:3306 true',
    'r2 10.9.9.7:3306 false',
    'cli -:0 true',
  ]);
});

test('a view tells epoch, primary, who is read from, and whether it holds', () => {
  const view = routerView(
    'shop-router-1',
    { epoch, slots, frontend: stat(65), readFrontend: stat(128) },
    (address) => `member at ${address}`,
  );
  expect(view).toEqual({
    name: 'shop-router-1',
    reachable: true,
    epoch: 5,
    primary: { address: '10.9.9.9', port: 3306 },
    held: false,
    open: true,
    sessions: 3,
    limits: { write: 65, read: 128 },
    readers: ['member at 10.9.9.8'],
  });
  expect(routerView('r', { epoch, slots, frontend: stat(0), readFrontend: stat(128) }, String)).toMatchObject({ held: true });
});

test('a router that was told nothing has no primary', () => {
  const fresh = slots.replace('p 10.9.9.9 2 4', 'p 0.0.0.0 0 5');
  expect(
    routerView('r', { epoch: epoch.replace('5', '0'), slots: fresh, frontend: stat(65), readFrontend: stat(64) }, String),
  ).toMatchObject({
    epoch: 0,
    primary: null,
    open: false,
  });
});

test('an answer that is something else is an error and not a guess', () => {
  expect(() => parseEpoch('Unknown variable')).toThrow(/no epoch/);
  expect(() => parseSlots('Permission denied')).toThrow(/no header/);
  expect(() => parseFrontend('')).toThrow(/no figures/);
});

test('sessions on the admin port are told from those of clients', () => {
  const sessions = `0x7f15ccbdec00: proto=tcpv4 src=10.213.255.225:54572 fe=admin be=admin srv=s42 ts=00 epoch=0 age=24s
0x7f15cc920000: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0x2 age=24s
0x7f15cc920aaa: proto=tcpv4 src=10.213.255.1:1234 fe=write be=write srv=p ts=00 epoch=0x2 age=24s`;
  expect(parseAdminSessions(sessions)).toEqual([
    { id: '0x7f15ccbdec00', mark: 42, frontend: 'admin' },
    { id: '0x7f15cc920000', mark: 0, frontend: 'socket' },
  ]);
});
