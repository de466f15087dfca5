"""政务信息资源目录: classes of the city's departments, with and without a contract, and the official worksheet."""
