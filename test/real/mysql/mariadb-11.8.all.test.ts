import { describeVersion } from './suite';

describeVersion({ engine: 'mariadb', version: '11.8' });
