import { describeVersion } from './suite';

describeVersion({ engine: 'mariadb', version: '10.11' });
