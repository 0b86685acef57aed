namespace AiInfra.Gateway.Routing;

/// <summary>A line y = a + b·x fitted by least squares in which older samples count less. With few samples it leans on a prior line.</summary>
internal sealed class DecayedLine(double decay)
{
    // The prior counts as so many samples at the origin and as many at the usual x.
    private const double PriorWeight = 2;

    private double _weight;
    private double _x;
    private double _y;
    private double _xx;
    private double _xy;

    /// <summary>Weight of all samples: how many it has seen, the old ones discounted.</summary>
    public double Weight => _weight;

    public double MeanX => _weight > 0 ? _x / _weight : 0;

    public double MeanY => _weight > 0 ? _y / _weight : 0;

    public void Add(double x, double y, double weight)
    {
        _weight = _weight * decay + weight;
        _x = _x * decay + weight * x;
        _y = _y * decay + weight * y;
        _xx = _xx * decay + weight * x * x;
        _xy = _xy * decay + weight * x * y;
    }

    /// <summary>Intercept and slope; neither is negative.</summary>
    public (double Intercept, double Slope) Fit((double Intercept, double Slope) prior, double usualX)
    {
        var far = Math.Max(usualX, 1);
        var weight = _weight + 2 * PriorWeight;
        var x = _x + PriorWeight * far;
        var y = _y + PriorWeight * (2 * prior.Intercept + prior.Slope * far);
        var xx = _xx + PriorWeight * far * far;
        var xy = _xy + PriorWeight * far * (prior.Intercept + prior.Slope * far);
        var spread = weight * xx - x * x;
        var slope = spread > 0 ? (weight * xy - x * y) / spread : prior.Slope;
        if (slope < 0)
        {
            return (Math.Max(0, y / weight), 0);
        }

        var intercept = (y - slope * x) / weight;
        return intercept >= 0 ? (intercept, slope) : (0, xx > 0 ? Math.Max(0, xy / xx) : slope);
    }
}
