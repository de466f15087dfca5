// Hive's metastore 2.3 on one address. Its own main class listens on every interface and has no setting for that, and the port has
// no login. Compiled at start by Janino, which Spark carries; no Java compiler is needed. Same parts as HiveMetaStore.startMetaStore
// without TLS, SASL and the compaction threads, none of which this lake uses.
//
// Arguments: ADDRESS PORT

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.sql.DriverManager;
import java.sql.SQLException;

import org.apache.hadoop.hive.common.LogUtils;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.metastore.HiveMetaStore;
import org.apache.hadoop.hive.metastore.IHMSHandler;
import org.apache.hadoop.hive.metastore.TSetIpAddressProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.server.ServerContext;
import org.apache.thrift.server.TServerEventHandler;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportFactory;

public class LoopbackMetastore {
    public static void main(String[] args) throws Exception {
        try {
            LogUtils.initHiveLog4j();
        } catch (LogUtils.LogInitializationException e) {
            System.err.println(e.getMessage());
        }
        HiveConf conf = new HiveConf(HiveMetaStore.class);
        Field remote = HiveMetaStore.class.getDeclaredField("isMetaStoreRemote");
        remote.setAccessible(true);
        remote.setBoolean(null, true);
        Method cleanup = HiveMetaStore.class.getDeclaredMethod("cleanupRawStore", new Class[0]);
        cleanup.setAccessible(true);

        int longest = conf.getIntVar(HiveConf.ConfVars.METASTORESERVERMAXMESSAGESIZE);
        IHMSHandler handler = HiveMetaStore.newRetryingHMSHandler(new HiveMetaStore.HMSHandler("xihu", conf, false), conf);
        TServerSocket.ServerSocketTransportArgs at = new TServerSocket.ServerSocketTransportArgs();
        at.bindAddr(new InetSocketAddress(args[0], Integer.parseInt(args[1])));
        TThreadPoolServer.Args server = new TThreadPoolServer.Args(new TServerSocket(at));
        server.processor(new TSetIpAddressProcessor(handler));
        server.transportFactory(new TTransportFactory());
        server.protocolFactory(new TBinaryProtocol.Factory());
        server.inputProtocolFactory(new TBinaryProtocol.Factory(true, true, longest, longest));
        server.minWorkerThreads(conf.getIntVar(HiveConf.ConfVars.METASTORESERVERMINTHREADS));
        server.maxWorkerThreads(conf.getIntVar(HiveConf.ConfVars.METASTORESERVERMAXTHREADS));
        TThreadPoolServer running = new TThreadPoolServer(server);
        running.setServerEventHandler(new Connections(cleanup));
        Runtime.getRuntime().addShutdownHook(new CloseDerby());
        HiveMetaStore.LOG.info("listening on " + args[0] + ":" + args[1]);
        running.serve();
    }

    // A connection's object store is released with it, as HiveMetaStore does.
    static class Connections implements TServerEventHandler {
        private final Method cleanup;

        Connections(Method cleanup) {
            this.cleanup = cleanup;
        }

        public void preServe() {}

        public ServerContext createContext(TProtocol in, TProtocol out) {
            return null;
        }

        public void deleteContext(ServerContext context, TProtocol in, TProtocol out) {
            try {
                this.cleanup.invoke(null, new Object[0]);
            } catch (Exception e) {
                HiveMetaStore.LOG.warn("a connection's store was not released", e);
            }
        }

        public void processContext(ServerContext context, TTransport in, TTransport out) {}
    }

    // Derby that is closed in order needs no recovery at the next start.
    static class CloseDerby extends Thread {
        public void run() {
            try {
                DriverManager.getConnection("jdbc:derby:;shutdown=true");
            } catch (SQLException e) {
                // That is how Derby reports that it has closed.
            }
        }
    }
}
