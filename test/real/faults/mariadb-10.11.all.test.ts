import { describeFaults } from './fault-list';

describeFaults({ engine: 'mariadb', version: '10.11' });
